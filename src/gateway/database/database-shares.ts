import type { DataSource } from "typeorm";
import { createEngineDataSource } from "../../engine-store/engine-data-source.js";
import {
  closeNow,
  countConnections,
  createDataSource,
  giveUpConnection,
} from "../../store/postgres/data-source.js";
import type { DatabaseUnavailableError } from "../../store/postgres/errors.js";

/** The connections to one database, divided into shares, so that one use of them cannot take those of another. */
export interface DatabaseShares {
  /** For passes, and for changes of the list of hosts. With an engine's database it is the same as `readers`. */
  readonly passes: DataSource;
  /** For answers to clients. */
  readonly readers: DataSource;
  /** For the check whether the database answers. */
  readonly health: DataSource;
  /** Connects each share that is not connected. */
  open(): Promise<void>;
  close(): Promise<void>;
  /** Counts the connections of all shares. */
  countConnections(): { total: number; idle: number; waiting: number };
}

/** The options of the shares. */
export interface ShareOptions {
  readonly url: string;
  readonly source: "hosts" | "engine";
  /** The sum of connections, at least three. */
  readonly poolSize: number;
  /** Called each time that a connection is lost or none can be made. */
  readonly onUnavailable: (error: DatabaseUnavailableError) => void;
  /** Called each time that the database takes no further connection, so that those that there are must do. */
  readonly onFewer: (error: DatabaseUnavailableError) => void;
  /** Called each time that the database refuses a read for clients. */
  readonly onRefused: (error: DatabaseUnavailableError) => void;
}

/**
 * Creates the shares, not yet connected. Health has one connection. Four in ten of the others are for passes, which
 * wait for hosts most of the time; clients have the rest. A share waits only for its own connections.
 */
export function createDatabaseShares({
  url,
  source,
  poolSize,
  onUnavailable,
  onFewer,
  onRefused,
}: ShareOptions): DatabaseShares {
  const isEngine = source === "engine";
  const create = isEngine ? createEngineDataSource : createDataSource;
  const forPasses = isEngine ? 0 : Math.max(1, Math.round(0.4 * (poolSize - 1)));
  const common = {
    ...{ statementTimeoutMs: STATEMENT_TIMEOUT_MS, idleInTransactionMs: 10_000, onUnavailable, onFewer },
    onNone: () => giveUpConnection(readers) ?? giveUpConnection(passes),
  };
  const readers = create(url, {
    ...common,
    poolSize: poolSize - 1 - forPasses,
    lockTimeoutMs: 3_000,
    waitTimeoutMs: 3_000,
    onRefused,
  });
  const passes = isEngine
    ? readers
    : // A pass may wait for long, which costs nothing. If it gave up, it would have asked its host for nothing.
      create(url, { ...common, poolSize: forPasses, lockTimeoutMs: 2_000, waitTimeoutMs: 30_000 });
  const health = create(url, {
    ...common,
    poolSize: 1,
    statementTimeoutMs: 1_000,
    lockTimeoutMs: 500,
    connectTimeoutMs: 1_500,
    // Probes ask every second or two, so they notice soon that the database is back.
    answerTimeoutMs: 1_500,
  });
  let isClosed = false;
  const all = [...new Set([health, passes, readers])];
  return {
    passes,
    readers,
    health,
    open: async () => {
      // They are connected one after the other, because the first failure says enough.
      for (const each of all) {
        if (!each.isInitialized) await each.initialize();
        if (isClosed) await closeNow(each);
      }
      if (isClosed) throw new Error("the database was closed while it was opened");
    },
    close: async () => {
      isClosed = true;
      await Promise.all(all.map(closeNow));
    },
    countConnections: () => {
      const counts = all.filter((each) => each.isInitialized).map(countConnections);
      const sum = (key: "total" | "idle" | "waiting") => counts.reduce((total, each) => total + each[key], 0);
      return { total: sum("total"), idle: sum("idle"), waiting: sum("waiting") };
    },
  };
}

/** The time after which PostgreSQL ends a single SQL statement. */
const STATEMENT_TIMEOUT_MS = 5_000;
