import { createHash } from "node:crypto";

/**
 * Where in the interval a host has its turn. It depends on nothing but the host, so that hosts spread over the interval
 * however many there are, and keep their turns over restarts.
 */
export function computePhase(hostId: string, intervalMs: number): number {
  const digest = createHash("sha256").update(hostId).digest();
  return digest.readUIntBE(0, 6) % intervalMs;
}

/**
 * The first of a host's turns after `afterMs`. Turns stand on a fixed grid: a pass that takes longer than the interval
 * misses turns, it does not shift them, so that the hosts stay spread.
 */
export function computeNextTurn(phaseMs: number, intervalMs: number, afterMs: number): number {
  return phaseMs + (Math.floor((afterMs - phaseMs) / intervalMs) + 1) * intervalMs;
}

/** How long to wait after `failures` failed passes in a row: full jitter, so that hosts which fail together do not return together. */
export function computeBackOff(
  failures: number,
  kind: string,
  intervalMs: number,
  random: () => number,
): number {
  // The database is everybody's: when it is back, all hosts are wanted within an interval.
  const longestMs =
    kind === "database" ? Math.max(SHORTEST_MS, Math.min(LONGEST_MS, intervalMs)) : LONGEST_MS;
  const delayMs = Math.max(SHORTEST_MS, random() * Math.min(longestMs, SHORTEST_MS * 2 ** failures));
  // Certificates are changed by people; asking faster gains nothing and fills the host's log.
  return kind === "untrusted" ? Math.max(delayMs, intervalMs / 2) : delayMs;
}

const SHORTEST_MS = 1_000;
const LONGEST_MS = 60_000;
