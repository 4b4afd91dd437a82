import { gatherTreeReads } from "./gathered-trees.js";
import { randomUUID } from "node:crypto";
import type { DataSource } from "typeorm";
import { addHost, removeHost, renameHosts, type HostName } from "./write/host-writes.js";
import { claimHosts, claimLockedHost, releaseClaims, type ClaimRequest } from "./write/claims.js";
import {
  reconcileHosts,
  registerGateway,
  releaseGateway,
  renewGateway,
  type GatewayIdentity,
} from "./write/gateway-list.js";
import { listHosts } from "./read/host-reads.js";
import { readPollingState } from "./read/polling-state.js";
import { createBatcher } from "./write/batch.js";
import { createPassWriter } from "./write/pass-writer.js";
import { failPass } from "./write/passes.js";
import { createReader } from "./read/reader.js";
import { createSnapshot } from "./read/snapshot.js";
import { createTreeReads } from "./read/vms/vm-trees.js";
import { readNicHolders } from "./read/nic-reads.js";
import { readStoredVms, type StoredVmsQuestion } from "./write/stored-vms.js";
import type { ClaimAnswer, ClaimOptions, Store } from "./types.js";

export type { Store } from "./types.js";

/**
 * Reads and writes on a connected and migrated DataSource, on behalf of one gateway. `gatewayName` is the same after a
 * restart, so that the gateway can take over from its former self; without one, it has none. Where `readers` is given,
 * clients' reads have connections of their own, so that passes and they never wait for each other.
 */
export function createStore(
  dataSource: DataSource,
  gatewayName?: string,
  readers: DataSource = dataSource,
): Store {
  const id = randomUUID();
  const gateway: GatewayIdentity = { id, name: gatewayName ?? id };
  // Many hosts have their turn at the same moment, and all of a dead replica's have it after a takeover.
  const claim = createBatcher({ getKey: ({ hostId }: ClaimRequest) => hostId }, (requests) =>
    claimHosts(dataSource, gateway.id, requests),
  );
  const claimLocked = createBatcher(
    // A few at the same time, so that those who wait for locks leave connections to the others.
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
    reconcileHosts: () => reconcileHosts(dataSource),
    addHost: (host, intervalMs) => addHost(dataSource, host, intervalMs),
    removeHost: (hostId) => removeHost(dataSource, hostId),
    listHosts: () => listHosts(dataSource),
    renameHost: async (hostId, name) => {
      await rename({ hostId, name });
    },
    claim: async (hostId, options = NOT_SHARED) => {
      const answer = await claim({ hostId, options });
      if (answer === undefined) return null;
      if (!("deferred" in answer)) return answer;
      const { deferred } = answer;
      if (deferred !== "locked") return { hostId, deferred };
      return (await claimLocked({ hostId, options })) ?? null;
    },
    releaseClaim: async (hostId) => {
      await release(hostId);
    },
    readHostVms: async (hostId, vmIds) => (await readStored({ hostIds: [hostId], vmIds })) ?? [],
    readVms: async (vmIds) => (await readStored({ hostIds: [], vmIds })) ?? [],
    readNicHolders: (nicIds) => readNicHolders(dataSource, nicIds),
    apply: writePass,
    fail: (claimed, failure, durationMs) => failPass(dataSource, claimed, failure, durationMs),
    readPollingState: () => readPollingState(dataSource),
    createReaderFor: (scope) => createReader(readers, scope),
    openSnapshot: (scope) => {
      const snapshot = createSnapshot(readers);
      return { reads: createReader(snapshot, scope), renew: snapshot.renew, close: snapshot.close };
    },
    createTreeReadsFor: gatherTreeReads((scope) => createTreeReads(readers, scope)),
    ...createReader(readers, null),
  };
}

/** Four hundred VMs a statement: of more, PostgreSQL would rather read the whole table than look each of them up. */
const VM_IDS_OF_WEIGHT_1 = 2;

/** A claim that takes no account of what other gateways have just done. */
const NOT_SHARED: ClaimOptions = { limitMs: 300_000, freshMs: 0, isRetry: false };
