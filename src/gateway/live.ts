import type { Config } from "../config.js";
import { startFeed } from "../feed/feed.js";
import { createGuestEvents, type GuestEvents } from "../feed/guest-events.js";
import { createHostStates, type HostStates } from "../feed/host-states.js";
import { DEFAULT_LIMITS } from "../model/limits.js";
import { createChangeLog } from "../store/changes/change-log.js";
import { readHosts } from "../store/read/host-reads.js";
import type { Database } from "./database/database.js";
import type { Log } from "./log.js";
import { createTroubleLog } from "./trouble-log.js";

/** What subscribers of this process get their events from. */
export interface Live {
  readonly guests: GuestEvents;
  readonly hosts: HostStates;
  /** Reads the log soon, because something was written. */
  wake(): void;
  /** Returns how far the reader is behind the end of the log; `null` while nobody subscribes. */
  getLagMs(): number | null;
  /** Ends all events. Resolves when nothing is left running. */
  stop(): Promise<void>;
}

/**
 * Opens one reader of the log and one of the hosts for this process. They read only while somebody subscribes, and not
 * on the connections of passes. They call `onChange` before subscribers get a change.
 */
export function openLive(
  { readers }: Pick<Database, "readers">,
  { limits }: Config,
  log: Log,
  onChange: () => void,
): Live {
  const changes = createChangeLog(readers);
  const feed = startFeed({
    log: changes,
    onPage: onChange,
    onTrouble: createTroubleLog(
      log,
      "changes cannot be read for subscribers; it is tried again",
      "changes are sent to subscribers again",
    ),
  });
  const hosts = createHostStates({
    readHosts: () => readHosts(readers, null),
    onChange,
    onTrouble: createTroubleLog(
      log,
      "hosts cannot be read for subscribers; it is tried again",
      "hosts are sent to subscribers again",
    ),
  });
  return {
    guests: createGuestEvents({
      feed,
      log: changes,
      maxWaiting: limits.waitingEvents ?? DEFAULT_LIMITS.waitingEvents,
      onRead: onChange,
    }),
    hosts,
    wake: () => {
      feed.wake();
    },
    getLagMs: () => feed.getLagMs(),
    stop: async () => {
      await Promise.all([feed.stop(), hosts.stop()]);
    },
  };
}
