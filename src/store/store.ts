import type { DataSource } from "typeorm";
import { addHost, registerHosts, removeHost, renameHost } from "./host-writes.js";
import { listHosts } from "./host-reads.js";
import { applyPass, claimHost, failPass } from "./passes.js";
import { createReader } from "./reader.js";
import { storedVmsOf } from "./stored-vms.js";
import type { Store } from "./types.js";

export type { Store } from "./types.js";

/** Reads and writes on a connected and migrated DataSource. */
export function createStore(dataSource: DataSource): Store {
  return {
    registerHosts: (hosts, intervalMs) => registerHosts(dataSource, hosts, intervalMs),
    addHost: (host, intervalMs) => addHost(dataSource, host, intervalMs),
    removeHost: (hostId) => removeHost(dataSource, hostId),
    listHosts: () => listHosts(dataSource),
    renameHost: (hostId, name) => renameHost(dataSource, hostId, name),
    claim: (hostId) => claimHost(dataSource, hostId),
    vmsOf: (hostId, vmIds) => storedVmsOf(dataSource, hostId, vmIds),
    apply: (claim, changes, pass) => applyPass(dataSource, claim, changes, pass),
    fail: (claim, failure, durationMs) => failPass(dataSource, claim, failure, durationMs),
    readerFor: (scope) => createReader(dataSource, scope),
    ...createReader(dataSource, null),
  };
}
