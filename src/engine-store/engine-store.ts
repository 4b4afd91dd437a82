import type { DataSource } from "typeorm";
import { createVmScopeSql, type VmScopeSql } from "../store/read/scope.js";
import type { ReadinessStore, ReadStore, VmScope } from "../store/types.js";
import { readHosts } from "./hosts.js";
import { readGuestInterfaces } from "./interfaces.js";
import { readNics } from "./nics.js";
import type { Queryable } from "../store/postgres/sql.js";
import { countVms, readVmsByHosts, readVmsByIds, readVmsPage } from "./vms.js";

/** A live engine's own database, read with nothing but SELECT; see {@link createEngineStore}. */
export interface EngineStore extends ReadStore, ReadinessStore {
  /** The same reads for somebody who may see only a scope's VMs; `null`: all. */
  readerFor(scope: VmScope | null): ReadStore;
}

/**
 * Creates the reads of an engine's tables as they are. They use the indexes that an engine has: keys, `vm_name`,
 * `run_on_vds`, and `vm_guid` or `vm_id` of what belongs to a VM. These questions have none and read a table once:
 * how many VMs there are; VMs by part of a name or by a rare state; VMs by an address; vNICs by MAC; VMs of all hosts.
 */
export function createEngineStore(dataSource: DataSource): EngineStore {
  return {
    ...createEngineReader(dataSource, createVmScopeSql(null)),
    // An engine asks its hosts; nothing is to be waited for here.
    everyHostTried: () => Promise.resolve(true),
    readerFor: (scope) => createEngineReader(dataSource, createVmScopeSql(scope)),
  };
}

function createEngineReader(database: Queryable, scope: VmScopeSql): ReadStore {
  return {
    vmsPage: (page) => readVmsPage(database, page, scope),
    countVms: (filter) => countVms(database, filter, scope),
    vmsByIds: (ids) => readVmsByIds(database, ids, scope),
    vmsByHosts: (hostIds, limitPerHost) => readVmsByHosts(database, hostIds, limitPerHost ?? null, scope),
    nicsByVms: (vmIds) => readNics(database, { key: "vm", values: vmIds }, scope),
    nicsByIds: (ids) => readNics(database, { key: "id", values: ids }, scope),
    nicsByMacs: (macs) => readNics(database, { key: "mac", values: macs }, scope),
    guestInterfacesByVms: (vmIds) => readGuestInterfaces(database, vmIds, scope),
    hosts: () => readHosts(database, null),
    hostsByIds: (ids) => readHosts(database, ids),
  };
}
