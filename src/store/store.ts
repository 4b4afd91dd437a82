import { gatherTreeReads } from "./gathered-trees.js";
import { readHostTrees } from "./read/host-trees.js";
import { randomUUID } from "node:crypto";
import type { DataSource } from "typeorm";
import { addHost, removeHost, renameHosts, type HostName } from "./write/host-writes.js";
import { claimHosts, claimLockedHost, releaseClaims, type ClaimRequest } from "./write/claims.js";
import {
  createReconciler,
  registerGateway,
  releaseGateway,
  renewGateway,
  type GatewayIdentity,
} from "./write/gateway-list.js";
import { listFailingHosts, listHosts, readHosts } from "./read/host-reads.js";
import { readPollingState } from "./read/polling-state.js";
import { createBatcher } from "./write/batch.js";
import { createPassWriter } from "./write/pass-writer.js";
import { failPass } from "./write/passes.js";
import { createReader } from "./read/reader.js";
import { createSnapshot } from "./read/snapshot.js";
import { createTreeReads, readTreesByHosts } from "./read/vms/vm-trees.js";
import { readNicHolders } from "./read/nic-reads.js";
import { readStoredVms, type StoredVmsQuestion } from "./write/stored-vms.js";
import type { ClaimAnswer, ClaimOptions, HostClaim, Store } from "./types.js";

export type { Store } from "./types.js";

/**
 * Creates the store of one gateway on a connected and migrated DataSource. `gatewayName` is the same after a restart, so
 * that the gateway takes over from its former process; without one, each start has a new name. With `readers`, the reads of
 * clients use other connections than the passes, so that neither waits for the other.
 */
export function createStore(
  dataSource: DataSource,
  gatewayName?: string,
  readers: DataSource = dataSource,
): Store {
  const id = randomUUID();
  const gateway: GatewayIdentity = { id, name: gatewayName ?? id };
  // Many hosts are due at the same moment, such as all hosts of a dead replica after a takeover.
  const claim = createBatcher({ getKey: ({ hostId }: ClaimRequest) => hostId }, (requests) =>
    claimHosts(dataSource, gateway.id, requests),
  );
  const claimLocked = createBatcher(
    // Only two at the same time, so that claims that wait for locks leave connections to other work.
    { getKey: ({ hostId }: ClaimRequest) => hostId, getWeight: () => Infinity, concurrency: 2 },
    async ([request]) => {
      const answers = new Map<string, ClaimAnswer | null>();
      if (request !== undefined) {
        answers.set(request.hostId, await claimLockedHost(dataSource, gateway.id, request));
      }
      return answers;
    },
  );
  const release = createBatcher({ getKey: (hostId: string) => hostId }, (hostIds) =>
    releaseClaims(dataSource, gateway.id, hostIds),
  );
  const writePass = createPassWriter(dataSource);
  /** The epoch of the newest claim of each host. */
  const epochs = new Map<string, bigint>();
  const noteClaim = (answer: ClaimAnswer): ClaimAnswer => {
    if (!("deferred" in answer)) epochs.set(answer.hostId, answer.epoch);
    return answer;
  };
  /**
   * Releases the claim of a pass that was superseded. Otherwise other gateways would wait for it until its time limit. If another
   * pass of this gateway has superseded it, that one's claim stays.
   */
  const giveUp = async ({ hostId, epoch }: HostClaim): Promise<false> => {
    if (epochs.get(hostId) === epoch) await release(hostId);
    return false;
  };
  const rename = createBatcher({ getKey: ({ hostId }: HostName) => hostId }, (names) =>
    renameHosts(dataSource, names),
  );
  const readStored = createBatcher(
    {
      getKey: (question: StoredVmsQuestion) => question,
      getWeight: ({ vmIds }) => Math.max(1, vmIds.length / VM_IDS_OF_WEIGHT_1),
      // PostgreSQL prepares one answer while this process reads another.
      concurrency: 2,
    },
    (questions) => readStoredVms(dataSource, questions),
  );
  return {
    registerHosts: (hosts, intervalMs) => registerGateway(dataSource, gateway, hosts, intervalMs),
    renewRegistration: () => renewGateway(dataSource, gateway.id),
    endRegistration: () => releaseGateway(dataSource, gateway.id),
    reconcileHosts: createReconciler(dataSource),
    addHost: (host, intervalMs) => addHost(dataSource, host, intervalMs),
    removeHost: (hostId) => {
      epochs.delete(hostId);
      return removeHost(dataSource, hostId);
    },
    listHosts: () => listHosts(dataSource),
    listFailingHosts: (forMs) => listFailingHosts(dataSource, forMs),
    renameHost: async (hostId, name) => {
      await rename({ hostId, name });
    },
    claim: async (hostId, options = NOT_SHARED) => {
      const answer = await claim({ hostId, options });
      if (answer === undefined) return null;
      if (!("deferred" in answer)) return noteClaim(answer);
      const { deferred } = answer;
      if (deferred !== "locked") return { hostId, deferred };
      const later = await claimLocked({ hostId, options });
      return later == null ? null : noteClaim(later);
    },
    releaseClaim: async (hostId) => {
      await release(hostId);
    },
    readHostVms: async (hostId, vmIds) => (await readStored({ hostIds: [hostId], vmIds })) ?? [],
    readVms: async (vmIds) => (await readStored({ hostIds: [], vmIds })) ?? [],
    readNicHolders: (nicIds) => readNicHolders(dataSource, nicIds),
    apply: async (claimed, ...pass) => (await writePass(claimed, ...pass)) || giveUp(claimed),
    fail: async (claimed, ...pass) => (await failPass(dataSource, claimed, ...pass)) || giveUp(claimed),
    readPollingState: () => readPollingState(dataSource),
    createReaderFor: (scope) => createReader(readers, scope),
    openSnapshot: (scope) => {
      const snapshot = createSnapshot(readers);
      return {
        reads: createReader(snapshot, scope),
        createTreeReads: () => createTreeReads(snapshot, scope),
        renew: snapshot.renew,
        close: snapshot.close,
      };
    },
    createTreeReadsFor: gatherTreeReads((scope) => ({
      ...createTreeReads(readers, scope),
      readHostTrees: (limit, parts, hostIds) =>
        readHostTrees(limit, {
          openSnapshot: () => createSnapshot(readers),
          readHosts: (database) => readHosts(database, hostIds, scope),
          readTrees: (database, found) => readTreesByHosts(database, { hostIds: found, limit }, parts, scope),
        }),
    })),
    ...createReader(readers, null),
  };
}

/** Limits a statement to four hundred VMs. With more, PostgreSQL would read the whole table instead of using its index. */
const VM_IDS_OF_WEIGHT_1 = 2;

/** The options of a claim that is not deferred because another gateway has just polled the host. */
const NOT_SHARED: ClaimOptions = { limitMs: 300_000, freshMs: 0, isRetry: false };
