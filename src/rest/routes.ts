import type { FastifyRequest } from "fastify";
import type { Loaders } from "../loaders/loaders.js";
import type { RestDocument } from "./elements/document.js";
import { BASE, formatDevice } from "./elements/elements.js";
import { parseFollow, parseListRequest, wantsAllContent, type Follow } from "./request/list-request.js";
import {
  findDevice,
  formatDevices,
  readDevices,
  readNicDevices,
  readNic,
  findNic,
  readNics,
  readVm,
  findVm,
} from "./resources.js";
import { checkInterfaceCount, listVms } from "./vm-list.js";

/** An answer, and headers that go with it. */
export interface Answer extends RestDocument {
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
      const wanted = { allContent: wantsAllContent(request), follow: parseFollow(request, VM_FOLLOWS) };
      const vm = await findVm(loaders, idsOf(request).vmId);
      return { root: "vm", element: await readVm(loaders, vm, wanted) };
    },
  },
  {
    path: "/vms/:vmId/nics",
    answer: async (request, loaders) => {
      const follow = parseFollow(request, NIC_FOLLOWS);
      const vm = await findVm(loaders, idsOf(request).vmId);
      return { root: "nics", element: { nic: await readNics(loaders, vm, follow) } };
    },
  },
  {
    path: "/vms/:vmId/nics/:nicId",
    answer: async (request, loaders) => {
      const follow = parseFollow(request, NIC_FOLLOWS);
      const { vmId, nicId } = idsOf(request);
      return { root: "nic", element: await readNic(loaders, await findNic(loaders, vmId, nicId), follow) };
    },
  },
  {
    path: "/vms/:vmId/reporteddevices",
    answer: async (request, loaders) => {
      parseFollow(request, []);
      const vm = await findVm(loaders, idsOf(request).vmId);
      return {
        root: "reported_devices",
        element: formatDevices(await readDevices(loaders, vm.id), pathOf(vm.id)),
      };
    },
  },
  {
    path: "/vms/:vmId/reporteddevices/:deviceId",
    answer: async (request, loaders) => {
      parseFollow(request, []);
      const { vmId, deviceId } = idsOf(request);
      const vm = await findVm(loaders, vmId);
      const device = findDevice(await readDevices(loaders, vm.id), deviceId);
      return { root: "reported_device", element: formatDevice(device, pathOf(vm.id)) };
    },
  },
  {
    path: "/vms/:vmId/nics/:nicId/reporteddevices",
    answer: async (request, loaders) => {
      parseFollow(request, []);
      const { vmId, nicId } = idsOf(request);
      const nic = await findNic(loaders, vmId, nicId);
      const devices = await readNicDevices(loaders, nic);
      return { root: "reported_devices", element: formatDevices(devices, pathOf(nic.vmId, nic.id)) };
    },
  },
  {
    path: "/vms/:vmId/nics/:nicId/reporteddevices/:deviceId",
    answer: async (request, loaders) => {
      parseFollow(request, []);
      const { vmId, nicId, deviceId } = idsOf(request);
      const nic = await findNic(loaders, vmId, nicId);
      const device = findDevice(await readNicDevices(loaders, nic), deviceId);
      return { root: "reported_device", element: formatDevice(device, pathOf(nic.vmId, nic.id)) };
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
  const wanted = { allContent: wantsAllContent(request), follow: parseFollow(request, VM_FOLLOWS) };
  const question = parseListRequest(request);
  const { vms, hasNext } = await listVms(loaders, question);
  if (wanted.allContent || wanted.follow.size > 0) await checkInterfaceCount(loaders, vms);
  const vm = await Promise.all(vms.map((each) => readVm(loaders, each, wanted)));
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
