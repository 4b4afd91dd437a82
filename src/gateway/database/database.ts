import { setTimeout as sleep } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { type Config, ConfigError } from "../../config.js";
import type { EmbeddedPostgres } from "../../embedded-postgres/embedded-postgres.js";
import { checkEngine } from "../../engine-store/check-engine.js";
import { createEngineStore } from "../../engine-store/engine-store.js";
import { closeNow, createDataSource } from "../../store/postgres/data-source.js";
import { DatabaseUnavailableError } from "../../store/postgres/errors.js";
import { migrate, type MigrateOptions, UnusableSchemaError } from "../../store/postgres/migrate.js";
import { readPollingState } from "../../store/read/polling-state.js";
import { createDatabaseShares, type DatabaseShares } from "./database-shares.js";
import { createDatabaseWatch } from "./database-watch.js";
import { beginEmbedded } from "./embedded.js";
import { formatError } from "../format-error.js";
import type { Log } from "../log.js";
import { waitUntilAborted } from "./wait-until-aborted.js";

/** A database that answers and has the tables that are read. */
export interface Database {
  /** For passes, and for changes of the list of hosts. */
  readonly dataSource: DataSource;
  /** For answers to clients. */
  readonly readers: DataSource;
  /** For the check whether the database answers. */
  readonly health: DataSource;
  countConnections(): { total: number; idle: number; waiting: number };
  /** Closes the connections at once, whatever runs over them, and opens none any more. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

/** Time limit of a migration. On a usable database none takes as long. */
const MIGRATION_TIMEOUT_MS = 3_600_000;

/** Time limit of a migration's wait for a table. After that it lets others go first, and tries again. */
const MIGRATION_LOCK_TIMEOUT_MS = 3_000;

/** The first and the longest wait between two attempts to reach a database. Each wait is twice the one before. */
const FIRST_WAIT_MS = 250;
const LAST_WAIT_MS = 10_000;

/** Functions that are called for events of a database, and the embedded one if it was begun before. */
export interface OpenOptions {
  /** `null` or absent: one is begun if no database is named. */
  readonly embedded?: Promise<EmbeddedPostgres> | null;
  /** Called when a wait for the database, or for somebody who uses its tables, begins. */
  readonly onWait?: () => void;
  /** Called when it is up to date, with the function that logs so. Unless given, that is logged at once. */
  readonly onPrepared?: (tell: () => void) => void;
  /** Called each time that a connection is lost or none can be made. */
  readonly onUnavailable?: () => void;
}

/**
 * Opens the named database, or an embedded one, and brings it up to date.
 * 1. If it cannot be reached, it waits for it until the signal, and logs each change of the reason. `waiting` is
 *    `null`: it throws.
 * 2. If it is not a database of ours, it throws at once.
 */
export async function openDatabase(
  config: Config,
  log: Log,
  waiting: AbortSignal | null,
  {
    embedded: begun = null,
    onWait = () => undefined,
    onPrepared = run,
    onUnavailable = () => undefined,
  }: OpenOptions = {},
): Promise<Database> {
  waiting?.throwIfAborted();
  const embedded = await (begun ?? beginEmbedded(config, log));
  const url = embedded?.url ?? config.databaseUrl ?? "";
  const shares: DatabaseShares = createDatabaseShares({
    url,
    source: config.source,
    poolSize: config.databasePoolSize,
    onUnavailable: (error) => {
      onUnavailable();
      if (isOpen && !isPolling(config)) watch.noteFailure(error);
    },
    onFewer: (error) => {
      if (hasToldFewer) return;
      hasToldFewer = true;
      log.warn(
        { reason: formatError(error) },
        "the database takes fewer connections than DATABASE_POOL_SIZE",
      );
    },
    onRefused: (error) => {
      // No pass runs what clients ask, so that passes cannot tell.
      if (isOpen) watch.noteRefusal(error);
    },
  });
  const watch = createDatabaseWatch(log, () => readState(config, shares));
  let isOpen = false;
  let hasToldFewer = false;
  const close = async () => {
    isOpen = false;
    watch.stop();
    await shares.close();
    await embedded?.stop();
  };
  const prepare = async () => {
    const prepared = { log, signal: waiting, onWait };
    // A migration has a connection of its own, which is given back before the shares take theirs. A role may have no more.
    const tell = config.source === "engine" ? null : await migrateTables(url, prepared);
    await shares.open();
    onPrepared(tell ?? (await checkTables(shares, log)));
  };
  try {
    if (waiting === null) await tellUnreachable(prepare());
    else await waitUntilAborted(retryUntilReached(prepare, log, waiting, onWait), waiting);
  } catch (error) {
    await close();
    throw error;
  }
  isOpen = true;
  const { passes: dataSource, readers, health } = shares;
  const countConnections = () => shares.countConnections();
  return { dataSource, readers, health, countConnections, cut: () => shares.close(), close };
}

/** Brings a database up to date over a connection of its own. A migration may be silent for longer than any request. */
export async function migrateAt(url: string, options: MigrateOptions = {}): Promise<string[]> {
  const dataSource = createDataSource(url, {
    poolSize: 1,
    statementTimeoutMs: MIGRATION_TIMEOUT_MS,
    lockTimeoutMs: MIGRATION_LOCK_TIMEOUT_MS,
  });
  const abort = () => void closeNow(dataSource).catch(() => undefined);
  options.signal?.addEventListener("abort", abort);
  try {
    await tellUnreachable(dataSource.initialize());
    options.signal?.throwIfAborted();
    return await migrate(dataSource, options);
  } catch (error) {
    // Messages of these errors say what to do; those of PostgreSQL, and of a lost connection, do not.
    if (error instanceof UnusableSchemaError || error instanceof DatabaseUnreachableError) throw error;
    if (error instanceof ConfigError) throw error;
    if (isAway(error)) throw error;
    throw new Error(`the database cannot be brought up to date: ${formatError(error)}; ${HOW_TO_MEND}`, {
      cause: error,
    });
  } finally {
    options.signal?.removeEventListener("abort", abort);
    await closeNow(dataSource);
  }
}

const HOW_TO_MEND = "`vnic-graph doctor` says how to mend it";

class DatabaseUnreachableError extends Error {
  override readonly name = "DatabaseUnreachableError";
}

/** Tells whether passes run. They log an outage themselves, once when it begins and once when it ends. */
function isPolling({ source, refreshIntervalMs, vdsmTransport, demo }: Config): boolean {
  return source === "hosts" && refreshIntervalMs !== null && (vdsmTransport !== null || demo);
}

/** Reads what readiness depends on. */
function readState({ source }: Config, { health }: DatabaseShares): Promise<unknown> {
  return source === "engine" ? createEngineStore(health).readPollingState() : readPollingState(health);
}

interface PrepareOptions {
  readonly log: Log;
  readonly signal: AbortSignal | null;
  readonly onWait: () => void;
}

function run(tell: () => void): void {
  tell();
}

/** Checks an engine's database. Returns the function that logs how it is read. */
async function checkTables(shares: DatabaseShares, log: Log): Promise<() => void> {
  const { message } = await checkEngine(shares.readers);
  return () => {
    log.info(message);
  };
}

/** Brings our own tables up to date. Returns the function that logs so. */
async function migrateTables(url: string, { log, signal, onWait }: PrepareOptions): Promise<() => void> {
  const applied = await migrateAt(url, {
    ...(signal === null ? {} : { signal }),
    onWait: (reason) => {
      onWait();
      log.warn({ reason }, "the database cannot be brought up to date yet; waiting");
    },
  });
  return () => {
    if (applied.length > 0) log.info({ migrations: applied }, "database brought up to date");
  };
}

async function tellUnreachable<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) throw error;
    // A file that DATABASE_URL names is wrong. To wait for the database would not make it right.
    if (error.cause instanceof ConfigError) throw error.cause;
    throw new DatabaseUnreachableError(
      `the database of DATABASE_URL cannot be reached: ${formatError(error)}; ${HOW_TO_MEND}`,
      { cause: error },
    );
  }
}

/** Tries again while the database cannot be reached. Any other error ends it. */
async function retryUntilReached(
  prepare: () => Promise<void>,
  log: Log,
  signal: AbortSignal,
  onWait: () => void,
): Promise<void> {
  let reason = "";
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LAST_WAIT_MS)) {
    signal.throwIfAborted();
    try {
      await prepare();
      if (reason !== "") log.info("the database answers");
      return;
    } catch (error) {
      if (!isAway(error)) throw error;
      const message = formatError(error instanceof DatabaseUnreachableError ? error.cause : error);
      onWait();
      if (message !== reason && !signal.aborted) {
        log.error({ reason: message }, "the database cannot be reached; waiting for it");
      }
      reason = message;
      await sleep(waitMs, undefined, { signal });
    }
  }
}

function isAway(error: unknown): boolean {
  if (error instanceof DatabaseUnreachableError) return true;
  return error instanceof DatabaseUnavailableError && ["away", "connections"].includes(error.reason);
}
