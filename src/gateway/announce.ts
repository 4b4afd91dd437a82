import type { Config } from "../config.js";
import type { Log } from "./log.js";

/** Prints the first lines that a new user reads: what runs, and where to ask it, below `BASE_PATH` as through a proxy. */
export function announceStart(config: Config, url: string, print: (line: string) => void): void {
  if (config.demo) {
    print(
      "This is a demonstration: DATABASE_URL and VDSM_HOSTS are not set, so an embedded PostgreSQL runs,",
    );
    print("and a simulated cluster of two VDSM hosts on real TLS sockets, with guests that change.");
  }
  const base = url + config.basePath;
  print(`Portal: ${base}/`);
  const page = config.graphiql ? `GraphiQL: ${base}/graphiql  ` : "";
  print(`${page}GraphQL: ${base}/graphql`);
}

/** What an announcement needs. */
interface AnnounceOptions {
  readonly config: Config;
  readonly log: Log;
  readonly announce: (line: string) => void;
  /** Aborted when the process shall end: nothing is announced then. */
  readonly signal?: AbortSignal;
}

/** The announcement of a start. */
export interface Announcement {
  /** Announces the start. Only the first call does. */
  readonly announce: () => void;
  readonly announced: Promise<void>;
  /** Runs what logs a further line, as soon as the start was announced. */
  readonly runAfter: (tell: () => void) => void;
  /** From now on, the start waits for a database that is there. If that takes long, it is announced with a line that says so. */
  readonly expectSoon: () => void;
  /** The start is over. */
  readonly end: () => void;
}

/** After so long a start waits for something: without work for migrations, it takes less than a second. */
const SLOW_MS = 10_000;

/** Creates the announcement of a gateway that answers at the URL. */
export function createAnnouncement(
  { config, log, announce, signal }: AnnounceOptions,
  url: string,
): Announcement {
  let resolve: () => void = () => undefined;
  const announced = new Promise<void>((done) => (resolve = done));
  const waiting: (() => void)[] = [];
  let isDone = false;
  let isOver = false;
  let slow: NodeJS.Timeout | undefined;
  const announceOnce = (): void => {
    if (isDone || signal?.aborted === true) return;
    isDone = true;
    clearTimeout(slow);
    announceStart(config, url, announce);
    log.info({ url }, "listening");
    for (const tell of waiting.splice(0)) tell();
    resolve();
  };
  return {
    announced,
    announce: announceOnce,
    expectSoon: () => {
      if (isDone || isOver) return;
      slow = setTimeout(() => {
        announceOnce();
        log.warn(
          "the start waits for the database: for a migration, a lock, or a standby that has to confirm commits; pg_stat_activity there says which",
        );
      }, SLOW_MS);
    },
    end: () => {
      isOver = true;
      clearTimeout(slow);
    },
    runAfter: (tell) => {
      if (isDone) tell();
      else waiting.push(tell);
    },
  };
}
