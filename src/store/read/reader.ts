import type { DataSource } from "typeorm";
import { guestInterfacesOf } from "./guest-interfaces.js";
import { everyHostTried, readHosts } from "./host-reads.js";
import { nicsBy } from "./nic-reads.js";
import { VisibleVms } from "./scope.js";
import type { ReadStore, VmScope } from "../types.js";
import { countVms, vmsByHosts, vmsByIds, vmsPage } from "./vm-reads.js";

/** The read side for somebody who may see a scope's VMs; `null`: all. */
export function createReader(dataSource: DataSource, scope: VmScope | null): ReadStore {
  const visible = scope === null ? null : new VisibleVms(scope);
  return {
    vmsPage: (page) => vmsPage(dataSource, page, visible),
    countVms: (filter) => countVms(dataSource, filter, visible),
    vmsByIds: (ids) => vmsByIds(dataSource, ids, visible),
    vmsByHosts: (hostIds, limitPerHost) => vmsByHosts(dataSource, hostIds, limitPerHost ?? null, visible),
    nicsByVms: (vmIds) => nicsBy(dataSource, "vm_guid", vmIds, visible),
    nicsByIds: (ids) => nicsBy(dataSource, "id", ids, visible),
    nicsByMacs: (macs) => nicsBy(dataSource, "mac_addr", macs, visible),
    guestInterfacesByVms: (vmIds) => guestInterfacesOf(dataSource, vmIds, visible),
    hosts: () => readHosts(dataSource, null),
    hostsByIds: (ids) => readHosts(dataSource, ids),
    ping: async () => {
      await dataSource.query("SELECT 1");
    },
    everyHostTried: () => everyHostTried(dataSource),
  };
}
