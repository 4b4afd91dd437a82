import DataLoader from "dataloader";
import {
  findByKey,
  groupByKey,
  matchInterface,
  readInterfaces,
  readNics,
  readNicsByMac,
  readPage,
  readVms,
} from "./data.mjs";

/** Loaders of one request. */
export function createLoaders() {
  return {
    vms: new DataLoader(async (ids) => findByKey(ids, await readVms(ids), "id")),
    nics: new DataLoader(async (ids) => groupByKey(ids, await readNics(ids), "vmId")),
    macs: new DataLoader(async (macs) => groupByKey(macs, await readNicsByMac(macs), "macAddress")),
    interfaces: new DataLoader(async (ids) => groupByKey(ids, await readInterfaces(ids), "vmId")),
  };
}

/** Resolvers over DataLoader, for servers that have no batching of their own. */
export const resolvers = {
  Query: {
    vm: (_, { id }, { loaders }) => loaders.vms.load(id),
    vms: async (_, { first, after }) => ({ nodes: await readPage(first, after) }),
    vmNics: (_, { macAddress }, { loaders }) => loaders.macs.load(macAddress),
  },
  Vm: {
    nics: (vm, _, { loaders }) => loaders.nics.load(vm.id),
    guestInfo: (vm) => vm,
  },
  GuestInfo: {
    networkDevices: (vm, _, { loaders }) => loaders.interfaces.load(vm.id),
  },
  VmNic: {
    vm: (nic, _, { loaders }) => loaders.vms.load(nic.vmId),
    guestInterface: async (nic, _, { loaders }) =>
      matchInterface(nic, await loaders.interfaces.load(nic.vmId)),
  },
};
