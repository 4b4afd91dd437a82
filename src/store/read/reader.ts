import type { DataSource } from "typeorm";
import { readGuestInterfaces } from "./guest-interfaces.js";
import { everyHostTried, readHosts } from "./host-reads.js";
import { readNics } from "./nic-reads.js";
import { VisibleVms } from "./scope.js";
import type { ReadStore, VmScope } from "../types.js";
import { countVms, readVmsByHosts, readVmsByIds, readVmsPage } from "./vm-reads.js";

/** The read side for somebody who may see a scope's VMs; `null`: all. */
export function createReader(dataSource: DataSource, scope: VmScope | null): ReadStore {
  const visible = scope === null ? null : new VisibleVms(scope);
  return {
    vmsPage: (page) => readVmsPage(dataSource, page, visible),
    countVms: (filter) => countVms(dataSource, filter, visible),
    vmsByIds: (ids) => readVmsByIds(dataSource, ids, visible),
    vmsByHosts: (hostIds, limitPerHost) => readVmsByHosts(dataSource, hostIds, limitPerHost ?? null, visible),
    nicsByVms: (vmIds) => readNics(dataSource, "vm_guid", vmIds, visible),
    nicsByIds: (ids) => readNics(dataSource, "id", ids, visible),
    nicsByMacs: (macs) => readNics(dataSource, "mac_addr", macs, visible),
    guestInterfacesByVms: (vmIds) => readGuestInterfaces(dataSource, vmIds, visible),
    hosts: () => readHosts(dataSource, null),
    hostsByIds: (ids) => readHosts(dataSource, ids),
    ping: async () => {
      await dataSource.query("SELECT 1");
    },
    everyHostTried: () => everyHostTried(dataSource),
  };
}
