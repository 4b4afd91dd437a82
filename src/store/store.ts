import type { DataSource } from "typeorm";
import { addHost, registerHosts, removeHost, renameHosts, type HostName } from "./write/host-writes.js";
import { listHosts } from "./read/host-reads.js";
import { gather } from "./write/batch.js";
import { applyPasses, weightOf, type PassWrite } from "./write/apply.js";
import { claimHosts, failPass, isWithoutNews, noteSuccesses, type Success } from "./write/passes.js";
import { createReader } from "./read/reader.js";
import { storedVmsOf, type StoredVmsQuestion } from "./write/stored-vms.js";
import type { Store } from "./types.js";

export type { Store } from "./types.js";

/** Reads and writes on a connected and migrated DataSource. */
export function createStore(dataSource: DataSource): Store {
  // Of ten thousand hosts many have their turn at the same moment, and after a takeover all of a dead replica's do.
  const claim = gather({ keyOf: (hostId: string) => hostId }, (hostIds) => claimHosts(dataSource, hostIds));
  const noteSuccess = gather({ keyOf: (success: Success) => success.claim.hostId }, (successes) =>
    noteSuccesses(dataSource, successes),
  );
  const apply = gather(
    // Several at once, for one may have to wait for another replica's rows.
    { keyOf: ({ claim: { hostId } }: PassWrite) => hostId, weightOf, lanes: 4 },
    (writes) => applyPasses(dataSource, writes),
  );
  const rename = gather({ keyOf: ({ hostId }: HostName) => hostId }, (names) =>
    renameHosts(dataSource, names),
  );
  const vmsOf = gather(
    {
      keyOf: (question: StoredVmsQuestion) => question,
      weightOf: ({ vmIds }) => Math.max(1, vmIds.length / VM_IDS_OF_WEIGHT_1),
      // While one answer is read here, PostgreSQL makes the next.
      lanes: 2,
    },
    (questions) => storedVmsOf(dataSource, questions),
  );
  return {
    registerHosts: (hosts, intervalMs) => registerHosts(dataSource, hosts, intervalMs),
    addHost: (host, intervalMs) => addHost(dataSource, host, intervalMs),
    removeHost: (hostId) => removeHost(dataSource, hostId),
    listHosts: () => listHosts(dataSource),
    renameHost: async (hostId, name) => {
      await rename({ hostId, name });
    },
    claim: async (hostId) => (await claim(hostId)) ?? null,
    vmsOf: async (hostId, vmIds) => (await vmsOf({ hostId, vmIds })) ?? [],
    apply: async (claimed, changes, pass) =>
      (isWithoutNews(changes)
        ? await noteSuccess({ claim: claimed, ...pass })
        : await apply({ claim: claimed, changes, ...pass })) === true,
    fail: (claimed, failure, durationMs) => failPass(dataSource, claimed, failure, durationMs),
    readerFor: (scope) => createReader(dataSource, scope),
    ...createReader(dataSource, null),
  };
}

/** Four hundred VMs a statement: of more, PostgreSQL would rather read the whole table than look each of them up. */
const VM_IDS_OF_WEIGHT_1 = 2;
