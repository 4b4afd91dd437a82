import type { DataSource } from "typeorm";
import { createEngineDataSource } from "../../engine-store/engine-data-source.js";
import { closeNow, countConnections, createDataSource } from "../../store/postgres/data-source.js";
import type { DatabaseUnavailableError } from "../../store/postgres/errors.js";

/** The connections to one database, shared out so that no use of them can take another's. */
export interface DatabaseShares {
  /** For passes over hosts, and for what changes the list of hosts. An engine's database has none: the readers' then. */
  readonly passes: DataSource;
  /** For answers to clients. */
  readonly readers: DataSource;
  /** For the question whether the database answers. */
  readonly health: DataSource;
  /** Connects each of them, unless it is connected. */
  open(): Promise<void>;
  close(): Promise<void>;
  /** Counts the connections of all shares. */
  countConnections(): { total: number; idle: number; waiting: number };
}

/** What shares are made of. */
export interface ShareOptions {
  readonly url: string;
  readonly source: "hosts" | "engine";
  /** Connections in all, at least three. */
  readonly poolSize: number;
  /** Called each time that a connection is lost or none can be made. */
  readonly onUnavailable: (error: DatabaseUnavailableError) => void;
}

/**
 * Creates the shares, not yet connected. Health has one connection. Four in ten of the rest are for passes, because these
 * wait for hosts most of the time; clients have the others. Each share waits for itself alone.
 */
export function createDatabaseShares({ url, source, poolSize, onUnavailable }: ShareOptions): DatabaseShares {
  const isEngine = source === "engine";
  const create = isEngine ? createEngineDataSource : createDataSource;
  const forPasses = isEngine ? 0 : Math.max(1, Math.round(0.4 * (poolSize - 1)));
  const common = { statementTimeoutMs: STATEMENT_TIMEOUT_MS, idleInTransactionMs: 10_000, onUnavailable };
  const readers = create(url, {
    ...common,
    poolSize: poolSize - 1 - forPasses,
    lockTimeoutMs: 3_000,
    waitTimeoutMs: 3_000,
  });
  const passes = isEngine
    ? readers
    : // A pass that waits costs nobody anything; one that is given up has asked its host in vain.
      create(url, { ...common, poolSize: forPasses, lockTimeoutMs: 2_000, waitTimeoutMs: 30_000 });
  const health = create(url, {
    ...common,
    poolSize: 1,
    statementTimeoutMs: 1_000,
    lockTimeoutMs: 500,
    connectTimeoutMs: 1_500,
    // Probes ask every second or two, and must notice that the database is back.
    answerTimeoutMs: 1_500,
  });
  let isClosed = false;
  const all = [...new Set([health, passes, readers])];
  return {
    passes,
    readers,
    health,
    open: async () => {
      // One after the other: the first failure tells enough.
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

/** How long a single SQL statement may take before PostgreSQL ends it. */
const STATEMENT_TIMEOUT_MS = 5_000;
