import { createHash } from "node:crypto";

/**
 * Finds where in the interval a host has its turn. It depends on nothing but the host, so that hosts spread over the
 * interval however many there are, and keep their turns over restarts.
 */
export function computePhase(hostId: string, intervalMs: number): number {
  const digest = createHash("sha256").update(hostId).digest();
  return digest.readUIntBE(0, 6) % intervalMs;
}

/**
 * Finds the first of a host's turns after `afterMs`. Turns are at fixed times: a pass that takes longer than the interval
 * misses turns, but does not move them, so that the hosts stay spread.
 */
export function computeNextTurn(phaseMs: number, intervalMs: number, afterMs: number): number {
  return phaseMs + (Math.floor((afterMs - phaseMs) / intervalMs) + 1) * intervalMs;
}

/**
 * Finds how long to wait after `failures` failed passes in a row. The wait is random, so that hosts that fail together do
 * not return together.
 */
export function computeBackOff(
  failures: number,
  kind: string,
  intervalMs: number,
  random: () => number,
): number {
  // When the database is back, all hosts are wanted within an interval.
  const longestMs =
    kind === "database" ? Math.max(SHORTEST_MS, Math.min(LONGEST_MS, intervalMs)) : LONGEST_MS;
  const delayMs = Math.max(SHORTEST_MS, random() * Math.min(longestMs, SHORTEST_MS * 2 ** failures));
  // People change certificates; asking more often gains nothing and fills the host's log.
  return kind === "untrusted" ? Math.max(delayMs, intervalMs / 2) : delayMs;
}

const SHORTEST_MS = 1_000;
const LONGEST_MS = 60_000;

/**
 * Finds how long to wait after `losses` superseded passes in a row. It is soon, and at a random time, so that two hosts
 * that exchange VMs do not meet again and again.
 */
export function computeRetry(losses: number, intervalMs: number, random: () => number): number {
  return SOONEST_RETRY_MS + random() * Math.min(intervalMs / 4, FIRST_RETRY_MS * 2 ** (losses - 1));
}

const SOONEST_RETRY_MS = 20;
const FIRST_RETRY_MS = 250;

/** Finds how long to wait until a host is asked for again that another gateway polls now. Asking costs a read. */
export function computeBusyWait(intervalMs: number, random: () => number): number {
  return (0.5 + random()) * Math.min(LONGEST_BUSY_WAIT_MS, Math.max(SHORTEST_BUSY_WAIT_MS, intervalMs / 10));
}

const SHORTEST_BUSY_WAIT_MS = 100;
const LONGEST_BUSY_WAIT_MS = 1_000;

/** Finds how long a host may take to answer until its slot is given to another one. */
export function computePatience(intervalMs: number | null): number {
  return Math.min(LONGEST_PATIENCE_MS, Math.max(SHORTEST_PATIENCE_MS, (intervalMs ?? Infinity) / 8));
}

const SHORTEST_PATIENCE_MS = 250;
const LONGEST_PATIENCE_MS = 2_000;
