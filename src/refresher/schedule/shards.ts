import { createHash } from "node:crypto";

/**
 * Replicas share the hosts by the shard. So few shards that Redis has next to nothing to do, however many hosts there are,
 * and a number that 2, 3, 4, 5, 6, 10, 12, 15, 20 and 30 replicas divide evenly.
 */
export const SHARD_COUNT = 60;

/** Finds the shard of a host: the same for ever and in every replica. */
export function findShard(hostId: string): number {
  return createHash("sha256").update(`slice:${hostId}`).digest().readUInt32BE(0) % SHARD_COUNT;
}

/** Finds how many shards each of so many replicas polls, at most. */
export function computeQuota(replicas: number): number {
  return Math.ceil(SHARD_COUNT / Math.max(1, replicas));
}

/** How long a replica may be silent until others take its shards, and what follows from that. */
export interface LockTimes {
  /** Another replica may take a shard so long after its holder's last heartbeat. */
  readonly lockMs: number;
  /** How often a replica sends a heartbeat, and looks for shards that nobody holds. */
  readonly heartbeatMs: number;
}

/**
 * Finds the times for an interval. Hosts of a dead replica must be polled again within an interval, and few of them late at
 * all: at 15 s, after 2 s of silence. Never so short that a pause of the event loop costs the shards, though that would only
 * be wasteful.
 */
export function computeLockTimes(intervalMs: number): LockTimes {
  const lockMs = Math.round(Math.min(5_000, Math.max(500, intervalMs / 7.5)));
  return { lockMs, heartbeatMs: Math.round(lockMs / 5) };
}

/**
 * Finds which shards to hand off so that no more than the quota is left. A quarter of the excess goes at a time, the
 * last ones taken first.
 */
export function findExcess(held: readonly number[], quota: number): readonly number[] {
  const excess = held.length - quota;
  return excess <= 0 ? [] : held.slice(-Math.min(excess, Math.max(2, Math.ceil(excess / 4))));
}
