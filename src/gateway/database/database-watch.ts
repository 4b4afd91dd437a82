import type { DataSource } from "typeorm";
import { formatError } from "../format-error.js";
import type { Log } from "../log.js";

/** Logs one line when the database is lost, and one when it is back. */
export interface DatabaseWatch {
  /** Notes that a connection was lost, or that none could be made. */
  noteFailure(error: unknown): void;
  stop(): void;
}

/**
 * Creates a watch of the database for gateways whose passes do not do this. After a failure it asks once a second until
 * the database answers, so that the line about its return comes at once, and not with the next request.
 */
export function createDatabaseWatch(log: Log, health: () => DataSource): DatabaseWatch {
  let timer: NodeJS.Timeout | null = null;
  let isAsking = false;
  const ask = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      await health().query("SELECT 1");
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
  return {
    noteFailure: (error) => {
      if (timer !== null) return;
      log.error(
        { reason: formatError(error) },
        "the database is not available; queries are refused until it is",
      );
      timer = setInterval(() => void ask(), 1_000);
      timer.unref();
    },
    stop,
  };
}
