import { setTimeout as sleep } from "node:timers/promises";
import { GraphQLError } from "graphql";
import { isPassingError } from "../../model/passing-errors.js";

/** A gateway cannot be reached, is starting, or is overloaded. It may answer in a moment. */
export class GatewayAwayError extends Error {
  override readonly name = "GatewayAwayError";
}

/** Tells whether a gateway may answer at the next try, although it has never answered yet. */
export function isOutage(error: unknown): boolean {
  if (error instanceof GatewayAwayError) return true;
  if (error instanceof GraphQLError) return isPassingError(error.extensions);
  return error instanceof Error && "code" in error && AWAY.has(String(error.code));
}

/** Waits before the next try, longer after each failure. Ends with the signal. */
export async function waitForNextTry(failures: number, signal: AbortSignal): Promise<void> {
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
  await sleep(waitMs, undefined, { signal }).catch(() => undefined);
}

/**
 * Codes of failed connections to a process that starts or ends. A name that does not resolve is not among them, since
 * it is wrong.
 */
const AWAY: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
]);

const FIRST_WAIT_MS = 250;

const LONGEST_WAIT_MS = 5_000;
