import type { DataSource } from "typeorm";
import { addHost, registerHosts, removeHost, renameHost } from "./host-writes.js";
import { listHosts } from "./host-reads.js";
import { gather } from "./gather.js";
import { applyPass, claimHosts, failPass, isWithoutNews, noteSuccesses, type Success } from "./passes.js";
import { createReader } from "./reader.js";
import { storedVmsOf } from "./stored-vms.js";
import type { Store } from "./types.js";

export type { Store } from "./types.js";

/** Reads and writes on a connected and migrated DataSource. */
export function createStore(dataSource: DataSource): Store {
  const claim = gather(
    (hostId: string) => hostId,
    (hostIds) => claimHosts(dataSource, hostIds),
  );
  const noteSuccess = gather(
    (success: Success) => success.claim.hostId,
    (successes) => noteSuccesses(dataSource, successes),
  );
  return {
    registerHosts: (hosts, intervalMs) => registerHosts(dataSource, hosts, intervalMs),
    addHost: (host, intervalMs) => addHost(dataSource, host, intervalMs),
    removeHost: (hostId) => removeHost(dataSource, hostId),
    listHosts: () => listHosts(dataSource),
    renameHost: (hostId, name) => renameHost(dataSource, hostId, name),
    claim: async (hostId) => (await claim(hostId)) ?? null,
    vmsOf: (hostId, vmIds) => storedVmsOf(dataSource, hostId, vmIds),
    apply: async (claimed, changes, pass) =>
      isWithoutNews(changes)
        ? (await noteSuccess({ claim: claimed, ...pass })) === true
        : applyPass(dataSource, claimed, changes, pass),
    fail: (claimed, failure, durationMs) => failPass(dataSource, claimed, failure, durationMs),
    readerFor: (scope) => createReader(dataSource, scope),
    ...createReader(dataSource, null),
  };
}
