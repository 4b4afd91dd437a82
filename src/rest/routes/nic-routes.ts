import { formatDevice } from "../elements/elements.js";
import { parseFollow } from "../request/follow.js";
import { cutToMax } from "../request/list-request.js";
import {
  findDevice,
  findNic,
  findVm,
  formatDevices,
  readNic,
  readNicDevices,
  readNics,
} from "../resources.js";
import { formatPath, readIds, type Route } from "./route.js";

/** The routes of vNICs, and of the guest's interfaces behind one. */
export const NIC_ROUTES: readonly Route[] = [
  {
    path: "/vms/:vmId/nics",
    parameters: ["max", "follow"],
    answer: async (request, work) => {
      const follow = parseFollow(request, "nic");
      const { vmId } = readIds(request);
      return work(async (loaders) => ({
        root: "nics",
        element: { nic: cutToMax(request, await readNics(loaders, await findVm(loaders, vmId), follow)) },
      }));
    },
  },
  {
    path: "/vms/:vmId/nics/:nicId",
    parameters: ["follow"],
    answer: async (request, work) => {
      const follow = parseFollow(request, "nic");
      const { vmId, nicId } = readIds(request);
      return work(async (loaders) => ({
        root: "nic",
        element: await readNic(loaders, await findNic(loaders, vmId, nicId), follow),
      }));
    },
  },
  {
    path: "/vms/:vmId/nics/:nicId/reporteddevices",
    parameters: ["max", "follow"],
    answer: async (request, work) => {
      parseFollow(request, "device");
      const { vmId, nicId } = readIds(request);
      return work(async (loaders) => {
        const nic = await findNic(loaders, vmId, nicId);
        const devices = cutToMax(request, await readNicDevices(loaders, nic));
        return { root: "reported_devices", element: formatDevices(devices, formatPath(nic.vmId, nic.id)) };
      });
    },
  },
  {
    path: "/vms/:vmId/nics/:nicId/reporteddevices/:deviceId",
    parameters: ["follow"],
    answer: async (request, work) => {
      parseFollow(request, "device");
      const { vmId, nicId, deviceId } = readIds(request);
      return work(async (loaders) => {
        const nic = await findNic(loaders, vmId, nicId);
        const device = findDevice(await readNicDevices(loaders, nic), deviceId);
        return { root: "reported_device", element: formatDevice(device, formatPath(nic.vmId, nic.id)) };
      });
    },
  },
  {
    path: "/vms/:vmId/nics/:nicId/statistics",
    parameters: ["max", "follow"],
    answer: async (request, work) => {
      parseFollow(request, "nothing");
      const { vmId, nicId } = readIds(request);
      await work((loaders) => findNic(loaders, vmId, nicId));
      return { root: "statistics", element: { statistic: [] } };
    },
  },
];
