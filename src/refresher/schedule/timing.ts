import { createHash } from "node:crypto";

/**
 * Computes when in the interval a host has its turn. It depends only on the host's id, so that hosts are spread over the
 * interval and keep their turns after a restart.
 */
export function computePhase(hostId: string, intervalMs: number): number {
  const digest = createHash("sha256").update(hostId).digest();
  return digest.readUIntBE(0, 6) % intervalMs;
}

/**
 * Computes the first of a host's turns after `afterMs`. Turns have fixed times. A pass that takes longer than the interval
 * misses turns but does not move them, so that the hosts stay spread.
 */
export function computeNextTurn(phaseMs: number, intervalMs: number, afterMs: number): number {
  return phaseMs + (Math.floor((afterMs - phaseMs) / intervalMs) + 1) * intervalMs;
}

/**
 * Computes how long to wait after `failures` failed passes in a row. The wait is random, so that hosts that failed together
 * are not polled together again.
 */
export function computeBackOff(
  failures: number,
  kind: string,
  intervalMs: number,
  random: () => number,
): number {
  // After an outage of the database, all hosts must be polled within an interval.
  const longestMs =
    kind === "database" ? Math.max(SHORTEST_MS, Math.min(LONGEST_MS, intervalMs)) : LONGEST_MS;
  const delayMs = Math.max(SHORTEST_MS, random() * Math.min(longestMs, SHORTEST_MS * 2 ** failures));
  // Certificates are changed by people. Asking more often has no use and fills the host's log.
  return kind === "untrusted" ? Math.max(delayMs, intervalMs / 2) : delayMs;
}

const SHORTEST_MS = 1_000;
const LONGEST_MS = 60_000;

/**
 * Computes how long to wait after `losses` superseded passes in a row. The wait is short and random, so that two hosts that
 * exchange VMs do not collide again and again.
 */
export function computeRetry(losses: number, intervalMs: number, random: () => number): number {
  return SOONEST_RETRY_MS + random() * Math.min(intervalMs / 4, FIRST_RETRY_MS * 2 ** (losses - 1));
}

const SOONEST_RETRY_MS = 20;
const FIRST_RETRY_MS = 250;

/** Computes how long to wait before the next try to claim a host that another gateway polls now. A try costs one read. */
export function computeBusyWait(intervalMs: number, random: () => number): number {
  return (0.5 + random()) * Math.min(LONGEST_BUSY_WAIT_MS, Math.max(SHORTEST_BUSY_WAIT_MS, intervalMs / 10));
}

const SHORTEST_BUSY_WAIT_MS = 100;
const LONGEST_BUSY_WAIT_MS = 1_000;

/** Computes how long a host may take to answer before its slot is given to another one. */
export function computePatience(intervalMs: number | null): number {
  return Math.min(LONGEST_PATIENCE_MS, Math.max(SHORTEST_PATIENCE_MS, (intervalMs ?? Infinity) / 8));
}

const SHORTEST_PATIENCE_MS = 250;
const LONGEST_PATIENCE_MS = 2_000;
