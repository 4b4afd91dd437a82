import { createHash } from "node:crypto";

/**
 * Replicas share hosts by the slice: few enough that Redis has next to nothing to do, however many hosts there are, and
 * a number that 2, 3, 4, 5, 6, 10, 12, 15, 20 and 30 replicas divide evenly.
 */
export const SHARD_COUNT = 60;

/** The slice of a host, for ever and in every replica. */
export function findShard(hostId: string): number {
  return createHash("sha256").update(`slice:${hostId}`).digest().readUInt32BE(0) % SHARD_COUNT;
}

/** How many slices each of so many replicas polls, at most. */
export function computeQuota(replicas: number): number {
  return Math.ceil(SHARD_COUNT / Math.max(1, replicas));
}

/** How long a replica may be silent until others take its slices, and what follows from that. */
export interface LockTimes {
  /** A slice's job is another's to take so long after its holder's last word. */
  readonly lockMs: number;
  /** How often a replica gives a sign of life, and looks for slices that nobody polls. */
  readonly heartbeatMs: number;
  /** A slice was without a replica no longer than this when it is taken over. */
  readonly missedMs: number;
}

/**
 * Hosts of a dead replica must be polled again within an interval, and few of them late at all: at 15 s, 2 s of silence.
 * Never so short that a pause of the event loop costs the slices, though that would only be wasteful.
 */
export function computeLockTimes(intervalMs: number): LockTimes {
  const lockMs = Math.round(Math.min(5_000, Math.max(500, intervalMs / 7.5)));
  const beatMs = Math.round(lockMs / 5);
  return { lockMs, heartbeatMs: beatMs, missedMs: lockMs + 4 * beatMs };
}

/**
 * Which of the slices held must go back so that no more than the share is left: a quarter of
 * the surplus at a time, the last ones taken first.
 */
export function findExcess(held: readonly number[], share: number): readonly number[] {
  const surplus = held.length - share;
  return surplus <= 0 ? [] : held.slice(-Math.min(surplus, Math.max(2, Math.ceil(surplus / 4))));
}

/** `true` if a turn of this phase was due in the last `windowMs`, at this place of the interval. */
export function wasDue(phaseMs: number, placeMs: number, windowMs: number, intervalMs: number): boolean {
  return (((placeMs - phaseMs) % intervalMs) + intervalMs) % intervalMs < windowMs;
}
