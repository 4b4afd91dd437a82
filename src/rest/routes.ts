import type { FastifyRequest } from "fastify";
import type { Loaders } from "../loaders/loaders.js";
import type { Document } from "./document.js";
import { BASE, deviceElement } from "./elements.js";
import { followOf, listQuestionOf, wantsAllContent, type Follow } from "./question.js";
import {
  deviceAt,
  devicesElement,
  devicesOf,
  devicesOfNic,
  nicAnswer,
  nicAt,
  nicsAnswer,
  vmAnswer,
  vmAt,
} from "./resources.js";
import { refuseTooMany, vmList } from "./vm-list.js";

/** An answer, and headers that go with it. */
export interface Answer extends Document {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A path below the base, and what it answers. */
export interface Route {
  readonly path: string;
  readonly answer: (request: FastifyRequest, loaders: Loaders) => Promise<Answer>;
}

/** Every path of the flow. */
export const ROUTES: readonly Route[] = [
  { path: "", answer: () => Promise.resolve(ENTRY) },
  { path: "/", answer: () => Promise.resolve(ENTRY) },
  { path: "/vms", answer: vmsAnswer },
  {
    path: "/vms/:vmId",
    answer: async (request, loaders) => {
      const wanted = { allContent: wantsAllContent(request), follow: followOf(request, VM_FOLLOWS) };
      const vm = await vmAt(loaders, idsOf(request).vmId);
      return { root: "vm", element: await vmAnswer(loaders, vm, wanted) };
    },
  },
  {
    path: "/vms/:vmId/nics",
    answer: async (request, loaders) => {
      const follow = followOf(request, NIC_FOLLOWS);
      const vm = await vmAt(loaders, idsOf(request).vmId);
      return { root: "nics", element: { nic: await nicsAnswer(loaders, vm, follow) } };
    },
  },
  {
    path: "/vms/:vmId/nics/:nicId",
    answer: async (request, loaders) => {
      const follow = followOf(request, NIC_FOLLOWS);
      const { vmId, nicId } = idsOf(request);
      return { root: "nic", element: await nicAnswer(loaders, await nicAt(loaders, vmId, nicId), follow) };
    },
  },
  {
    path: "/vms/:vmId/reporteddevices",
    answer: async (request, loaders) => {
      followOf(request, []);
      const vm = await vmAt(loaders, idsOf(request).vmId);
      return {
        root: "reported_devices",
        element: devicesElement(await devicesOf(loaders, vm.id), pathOf(vm.id)),
      };
    },
  },
  {
    path: "/vms/:vmId/reporteddevices/:deviceId",
    answer: async (request, loaders) => {
      followOf(request, []);
      const { vmId, deviceId } = idsOf(request);
      const vm = await vmAt(loaders, vmId);
      const device = deviceAt(await devicesOf(loaders, vm.id), deviceId);
      return { root: "reported_device", element: deviceElement(device, pathOf(vm.id)) };
    },
  },
  {
    path: "/vms/:vmId/nics/:nicId/reporteddevices",
    answer: async (request, loaders) => {
      followOf(request, []);
      const { vmId, nicId } = idsOf(request);
      const nic = await nicAt(loaders, vmId, nicId);
      const devices = await devicesOfNic(loaders, nic);
      return { root: "reported_devices", element: devicesElement(devices, pathOf(nic.vmId, nic.id)) };
    },
  },
  {
    path: "/vms/:vmId/nics/:nicId/reporteddevices/:deviceId",
    answer: async (request, loaders) => {
      followOf(request, []);
      const { vmId, nicId, deviceId } = idsOf(request);
      const nic = await nicAt(loaders, vmId, nicId);
      const device = deviceAt(await devicesOfNic(loaders, nic), deviceId);
      return { root: "reported_device", element: deviceElement(device, pathOf(nic.vmId, nic.id)) };
    },
  },
];

const VM_FOLLOWS: readonly Follow[] = ["reported_devices", "nics", "nics.reported_devices"];
const NIC_FOLLOWS: readonly Follow[] = ["reported_devices"];

const ENTRY: Answer = {
  root: "api",
  element: {
    product_info: { name: "vnic-graph" },
    link: [
      { href: `${BASE}/vms`, rel: "vms" },
      { href: `${BASE}/openapi.json`, rel: "describedby" },
    ],
  },
};

async function vmsAnswer(request: FastifyRequest, loaders: Loaders): Promise<Answer> {
  const wanted = { allContent: wantsAllContent(request), follow: followOf(request, VM_FOLLOWS) };
  const question = listQuestionOf(request);
  const { vms, hasNext } = await vmList(loaders, question);
  if (wanted.allContent || wanted.follow.size > 0) await refuseTooMany(loaders, vms);
  const vm = await Promise.all(vms.map((each) => vmAnswer(loaders, each, wanted)));
  const answer = { root: "vms", element: { vm } };
  return hasNext ? { ...answer, headers: { link: nextPage(request, question.page + 1) } } : answer;
}

/** A list that is cut off says so, and where it goes on. */
function nextPage(request: FastifyRequest, page: number): string {
  const url = new URL(request.url, "http://localhost");
  url.searchParams.set("page", String(page));
  return `<${url.pathname}${url.search}>; rel="next"`;
}

function pathOf(vmId: string, nicId?: string): string {
  return nicId === undefined ? `${BASE}/vms/${vmId}` : `${BASE}/vms/${vmId}/nics/${nicId}`;
}

function idsOf(request: FastifyRequest): {
  readonly vmId: string;
  readonly nicId: string;
  readonly deviceId: string;
} {
  const {
    vmId = "",
    nicId = "",
    deviceId = "",
  } = request.params as Readonly<Record<string, string | undefined>>;
  return { vmId, nicId, deviceId };
}
