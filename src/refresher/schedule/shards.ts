import { createHash } from "node:crypto";

/**
 * The number of shards. It is so low that Redis has next to nothing to do, however many hosts there are. 2, 3, 4, 5, 6, 10,
 * 12, 15, 20 and 30 replicas divide it evenly.
 */
export const SHARD_COUNT = 60;

/** Finds the shard of a host. It never changes, and is the same in every replica. */
export function findShard(hostId: string): number {
  return createHash("sha256").update(`slice:${hostId}`).digest().readUInt32BE(0) % SHARD_COUNT;
}

/** Computes the highest number of shards that one of so many replicas polls. */
export function computeQuota(replicas: number): number {
  return Math.ceil(SHARD_COUNT / Math.max(1, replicas));
}

/** How long a replica may be silent before others take its shards, and how often it sends heartbeats. */
export interface LockTimes {
  /** After this time without a heartbeat of its holder, another replica may take a shard. */
  readonly lockMs: number;
  /** The time between heartbeats. With each one, a replica also looks for shards that nobody holds. */
  readonly heartbeatMs: number;
}

/**
 * Computes the times for an interval. Hosts of a dead replica must be polled again within an interval, and only a few of
 * them late: at 15 s, after 2 s of silence. They are not so short that a short pause of the event loop costs the shards,
 * which would waste work but do no harm.
 */
export function computeLockTimes(intervalMs: number): LockTimes {
  const lockMs = Math.round(Math.min(5_000, Math.max(500, intervalMs / 7.5)));
  return { lockMs, heartbeatMs: Math.round(lockMs / 5) };
}

/** Finds the shards to hand off until only the quota is left: a quarter of the excess at a time, the last taken first. */
export function findExcess(held: readonly number[], quota: number): readonly number[] {
  const excess = held.length - quota;
  return excess <= 0 ? [] : held.slice(-Math.min(excess, Math.max(2, Math.ceil(excess / 4))));
}
