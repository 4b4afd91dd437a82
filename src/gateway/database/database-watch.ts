import { formatError } from "../format-error.js";
import type { Log } from "../log.js";

/** Logs when the database is lost and when it is back, and which reads it refuses. */
export interface DatabaseWatch {
  /** Notes that a connection was lost, or that none could be made. */
  noteFailure(error: unknown): void;
  /** Notes that a read was refused: for a lock, a right, or something that is missing. Other reads may succeed meanwhile. */
  noteRefusal(error: unknown): void;
  stop(): void;
}

/**
 * Creates a watch of the database.
 * 1. A failure is one line. From then on it asks once a second until the database answers, so that the line about its
 *    return comes at once, and not with the next request.
 * 2. Each reason of refusals is one line with the driver's message, since clients only hear that they should ask again. No
 *    check could ask all that may be refused. So they are over when none came for some minutes.
 */
export function createDatabaseWatch(log: Log, check: () => Promise<unknown>): DatabaseWatch {
  let asking: NodeJS.Timeout | null = null;
  let isAsking = false;
  let quiet: NodeJS.Timeout | null = null;
  const told = new Set<string>();
  const ask = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      await check();
      stopAsking();
      log.info("the database is available again");
    } catch {
      // It asks again in a second.
    } finally {
      isAsking = false;
    }
  };
  const stopAsking = (): void => {
    if (asking !== null) clearInterval(asking);
    asking = null;
  };
  const endRefusals = (): void => {
    quiet = null;
    told.clear();
    log.info("the database has refused no read for ten minutes");
  };
  return {
    noteFailure: (error) => {
      if (asking !== null) return;
      log.error(
        { reason: formatError(error) },
        "the database is not available; queries are refused until it is",
      );
      asking = setInterval(() => void ask(), 1_000);
      asking.unref();
    },
    noteRefusal: (error) => {
      if (quiet === null) {
        quiet = setTimeout(endRefusals, QUIET_MS);
        quiet.unref();
      } else quiet.refresh();
      const reason = formatError(error);
      if (told.has(reason) || told.size >= MAX_REASONS) return;
      told.add(reason);
      log.error({ reason }, "the database refuses to be read as clients ask; they get NOT_AVAILABLE");
    },
    stop: () => {
      stopAsking();
      if (quiet !== null) clearTimeout(quiet);
      quiet = null;
    },
  };
}

/** Longer than the time between two questions of a dashboard, so that its lines do not come and go with them. */
const QUIET_MS = 600_000;

/** The most lines until refusals are over, in case each has a message of its own, such as the name of a file. */
const MAX_REASONS = 20;
