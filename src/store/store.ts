import type { DataSource } from "typeorm";
import { addHost, registerHosts, removeHost, renameHosts, type HostName } from "./write/host-writes.js";
import { everyHostTried, listHosts } from "./read/host-reads.js";
import { createBatcher } from "./write/batch.js";
import { applyPasses, weightOf, type PassWrite } from "./write/apply.js";
import { claimHosts, failPass, hasNoChanges, noteSuccesses, type Success } from "./write/passes.js";
import { createReader } from "./read/reader.js";
import { createSnapshot } from "./read/snapshot.js";
import { readStoredVms, type StoredVmsQuestion } from "./write/stored-vms.js";
import type { Store } from "./types.js";

export type { Store } from "./types.js";

/** Reads and writes on a connected and migrated DataSource. */
export function createStore(dataSource: DataSource): Store {
  // Of ten thousand hosts many begin their pass at the same moment; after a takeover all of a dead replica's hosts do.
  const claim = createBatcher({ keyOf: (hostId: string) => hostId }, (hostIds) =>
    claimHosts(dataSource, hostIds),
  );
  const noteSuccess = createBatcher({ keyOf: (success: Success) => success.claim.hostId }, (successes) =>
    noteSuccesses(dataSource, successes),
  );
  const apply = createBatcher(
    // Several at the same time, because one may have to wait for rows that another replica has locked.
    { keyOf: ({ claim: { hostId } }: PassWrite) => hostId, weightOf, concurrency: 4 },
    (writes) => applyPasses(dataSource, writes),
  );
  const rename = createBatcher({ keyOf: ({ hostId }: HostName) => hostId }, (names) =>
    renameHosts(dataSource, names),
  );
  const readStored = createBatcher(
    {
      keyOf: (question: StoredVmsQuestion) => question,
      weightOf: ({ vmIds }) => Math.max(1, vmIds.length / VM_IDS_OF_WEIGHT_1),
      // PostgreSQL prepares one answer while this process reads another.
      concurrency: 2,
    },
    (questions) => readStoredVms(dataSource, questions),
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
    readHostVms: async (hostId, vmIds) => (await readStored({ hostIds: [hostId], vmIds })) ?? [],
    readVms: async (vmIds) => (await readStored({ hostIds: [], vmIds })) ?? [],
    apply: async (claimed, changes, pass) =>
      (hasNoChanges(changes)
        ? await noteSuccess({ claim: claimed, ...pass })
        : await apply({ claim: claimed, changes, ...pass })) === true,
    fail: (claimed, failure, durationMs) => failPass(dataSource, claimed, failure, durationMs),
    everyHostTried: () => everyHostTried(dataSource),
    readerFor: (scope) => createReader(dataSource, scope),
    openSnapshot: (scope) => {
      const snapshot = createSnapshot(dataSource);
      return { reads: createReader(snapshot, scope), renew: snapshot.renew, close: snapshot.close };
    },
    ...createReader(dataSource, null),
  };
}

/** Four hundred VMs a statement: of more, PostgreSQL would rather read the whole table than look each of them up. */
const VM_IDS_OF_WEIGHT_1 = 2;
