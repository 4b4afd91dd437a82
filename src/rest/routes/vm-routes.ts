import type { FastifyRequest } from "fastify";
import type { Element } from "../elements/document.js";
import { formatDevice } from "../elements/elements.js";
import { parseFollow } from "../request/follow.js";
import { cutToMax, parseListRequest } from "../request/list-request.js";
import { wantsAllContent } from "../request/parameters.js";
import { findDevice, findVm, formatDevices, readDevices, readVm } from "../resources.js";
import { isInPieces, listVms, type Work } from "../vm-list.js";
import { createEmptyLists } from "./empty-lists.js";
import { formatPath, LIST_PARAMETERS, readIds, type Answer, type Route } from "./route.js";

/** The routes of VMs, and of the lists below a VM, except its vNICs. */
export const VM_ROUTES: readonly Route[] = [
  {
    path: "/vms",
    parameters: [...LIST_PARAMETERS, "all_content"],
    answer: answerVms,
    isLong: true,
  },
  {
    path: "/vms/:vmId",
    parameters: ["follow", "all_content"],
    answer: async (request, work) => {
      const wanted = { allContent: wantsAllContent(request), follow: parseFollow(request, "vm") };
      const { vmId } = readIds(request);
      return work(async (loaders) => ({
        root: "vm",
        element: await readVm(loaders, await findVm(loaders, vmId), wanted),
      }));
    },
  },
  ...createEmptyLists("/vms/:vmId", (loaders, { vmId }) => findVm(loaders, vmId)),
  {
    path: "/vms/:vmId/reporteddevices",
    parameters: ["max", "follow"],
    answer: async (request, work) => {
      parseFollow(request, "device");
      const { vmId } = readIds(request);
      return work(async (loaders) => {
        const vm = await findVm(loaders, vmId);
        const devices = cutToMax(request, await readDevices(loaders, vm.id));
        return { root: "reported_devices", element: formatDevices(devices, formatPath(vm.id)) };
      });
    },
  },
  {
    path: "/vms/:vmId/reporteddevices/:deviceId",
    parameters: ["follow"],
    answer: async (request, work) => {
      parseFollow(request, "device");
      const { vmId, deviceId } = readIds(request);
      return work(async (loaders) => {
        const vm = await findVm(loaders, vmId);
        const device = findDevice(await readDevices(loaders, vm.id), deviceId);
        return { root: "reported_device", element: formatDevice(device, formatPath(vm.id)) };
      });
    },
  },
];

async function answerVms(request: FastifyRequest, work: Work, openList: () => void): Promise<Answer> {
  const wanted = { allContent: wantsAllContent(request), follow: parseFollow(request, "vm") };
  const asked = parseListRequest(request, "vm");
  if (isInPieces(asked, wanted)) openList();
  const { elements, hasNext, rest } = await listVms(work, asked, wanted);
  const headers = hasNext && asked.max !== null ? { link: formatNextLink(request, asked.page + 1) } : {};
  if (rest === null) return { root: "vms", element: { vm: elements }, headers };
  return { root: "vms", item: "vm", pieces: prepend(elements, rest), headers };
}

async function* prepend(first: Element[], rest: AsyncGenerator<Element[]>): AsyncGenerator<Element[]> {
  yield first;
  yield* rest;
}

/** Formats the link to the next page of a list. */
function formatNextLink(request: FastifyRequest, page: number): string {
  const url = new URL(request.url, "http://localhost");
  url.searchParams.set("page", String(page));
  return `<${url.pathname}${url.search}>; rel="next"`;
}
