import type { DataSource } from "typeorm";
import { formatError } from "../format-error.js";
import type { Log } from "../log.js";

/** Writes one line when the database is lost, and one when it is back. */
export interface DatabaseWatch {
  /** Notes that a connection was lost, or that none could be made. */
  noteFailure(error: unknown): void;
  stop(): void;
}

/**
 * Watches the database where no passes do it. After a failure it asks once a second until it is answered, so that the line
 * that the database is back comes when it is, and not at the next request.
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
      // The next question comes in a second.
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
