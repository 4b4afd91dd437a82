import { formatError } from "../format-error.js";
import type { Log } from "../log.js";

/** Logs one line when the database is lost or refuses to be read, and one when it is back. */
export interface DatabaseWatch {
  /** Notes that a connection was lost, or that none could be made. */
  noteFailure(error: unknown): void;
  /** Notes that a read was refused: for a lock, a right, or something that is missing. Other reads may succeed meanwhile. */
  noteRefusal(error: unknown): void;
  stop(): void;
}

/**
 * Creates a watch of the database for gateways whose passes do not do this. After a failure it asks once a second until
 * the database answers, so that the line about its return comes at once, and not with the next request. It cannot ask all
 * that may be refused. So a refusal is over when the database answers and no read was refused for some seconds.
 */
export function createDatabaseWatch(log: Log, check: () => Promise<unknown>): DatabaseWatch {
  let timer: NodeJS.Timeout | null = null;
  let isAsking = false;
  let refusedAtMs = Number.NEGATIVE_INFINITY;
  const ask = async (): Promise<void> => {
    if (isAsking || performance.now() - refusedAtMs < QUIET_MS) return;
    isAsking = true;
    try {
      await check();
      stop();
      log.info("the database is available again");
    } catch {
      // It asks again in a second.
    } finally {
      isAsking = false;
    }
  };
  const stop = (): void => {
    if (timer !== null) clearInterval(timer);
    timer = null;
  };
  const begin = (error: unknown): void => {
    if (timer !== null) return;
    log.error(
      { reason: formatError(error) },
      "the database is not available; queries are refused until it is",
    );
    timer = setInterval(() => void ask(), 1_000);
    timer.unref();
  };
  return {
    noteFailure: begin,
    noteRefusal: (error) => {
      refusedAtMs = performance.now();
      begin(error);
    },
    stop,
  };
}

/** Clients that were refused ask again after five seconds. */
const QUIET_MS = 6_000;
