import { createHistoryReader } from "../changes/past/history-reader.js";
import type { Queryable } from "../postgres/sql.js";
import { createFindingReads } from "./findings.js";
import { readGuestInterfaces } from "./guest-interfaces.js";
import { readHosts } from "./host-reads.js";
import { readNetworks } from "./networks.js";
import { readNetworkStats } from "./network-stats.js";
import { readNics } from "./nic-reads.js";
import { createVmScopeSql } from "./conditions/scope.js";
import type { ReadStore, VmScope } from "../types.js";
import { readVmsPage } from "./vms/vm-pages.js";
import { countVms, readChangeMark, readVmIds, readVmsByHosts, readVmsByIds } from "./vms/vm-reads.js";

/** Creates the reads for a viewer with this scope; `null`: all VMs. */
export function createReader(database: Queryable, scope: VmScope | null): ReadStore {
  const visible = createVmScopeSql(scope);
  return {
    readVmsPage: (page) => readVmsPage(database, page, visible),
    readChangeMark: () => readChangeMark(database),
    readVmIds: (list) => readVmIds(database, list, visible),
    countVms: (filter) => countVms(database, filter, visible),
    readVmsByIds: (ids) => readVmsByIds(database, ids, visible),
    readVmsByHosts: (hostIds, limitPerHost) =>
      readVmsByHosts(database, hostIds, limitPerHost ?? null, visible),
    readNicsByVms: (vmIds) => readNics(database, "vm_guid", vmIds, visible),
    readNicsByIds: (ids) => readNics(database, "id", ids, visible),
    readNicsByMacs: (macs) => readNics(database, "mac_addr", macs, visible),
    readGuestInterfacesByVms: (vmIds) => readGuestInterfaces(database, vmIds, visible),
    // Hosts do not report how a VM was made.
    readVmOriginsByIds: () => Promise.resolve([]),
    readNamed: (kind, ids) =>
      kind === "networks" ? readNetworks(database, ids, visible) : Promise.resolve([]),
    readHosts: () => readHosts(database, null, scope),
    readHostsByIds: (ids) => readHosts(database, ids, scope),
    ...createFindingReads(database, visible),
    readNetworkStats: (question) => readNetworkStats(database, question, visible),
    ...createHistoryReader(database, scope),
  };
}
