import { setTimeout as sleep } from "node:timers/promises";
import type { DataSource } from "typeorm";
import type { Config } from "../../config.js";
import { startEmbeddedPostgres } from "../../embedded-postgres/embedded-postgres.js";
import { checkEngine } from "../../engine-store/check-engine.js";
import { closeNow, createDataSource } from "../../store/postgres/data-source.js";
import { DatabaseUnavailableError } from "../../store/postgres/errors.js";
import { migrate, type MigrateOptions, UnusableSchemaError } from "../../store/postgres/migrate.js";
import { createDatabaseShares, type DatabaseShares } from "./database-shares.js";
import { createDatabaseWatch } from "./database-watch.js";
import { formatError } from "../format-error.js";
import type { Log } from "../log.js";

/** A database that is there and has the tables that are read. */
export interface Database {
  /** For passes over hosts, and for what changes the list of hosts. */
  readonly dataSource: DataSource;
  /** For answers to clients. */
  readonly readers: DataSource;
  /** For the question whether the database answers. */
  readonly health: DataSource;
  countConnections(): { total: number; idle: number; waiting: number };
  close(): Promise<void>;
}

/** No migration takes longer, on a database that can be worked with at all. */
const MIGRATION_TIMEOUT_MS = 3_600_000;

/** A migration that waits longer for a table lets the others go first, and tries again. */
const MIGRATION_LOCK_TIMEOUT_MS = 3_000;

/** Waits between two attempts to reach a database: doubled up to the last. */
const FIRST_WAIT_MS = 250;
const LAST_WAIT_MS = 10_000;

/** Listeners that hear of a database's events. */
export interface DatabaseListeners {
  /** Called once, when it was checked and brought up to date, or when a wait for it begins. */
  readonly onChecked?: () => void;
  /** Called each time that a connection is lost or none can be made. */
  readonly onUnavailable?: () => void;
}

/**
 * Opens the database that is named, or an embedded one, and brings it up to date. One that cannot be reached is waited for
 * until the signal, and said so once a change of reason; `null` waits for none. One that is not ours is an error at once.
 */
export async function openDatabase(
  config: Config,
  log: Log,
  waiting: AbortSignal | null,
  { onChecked = () => undefined, onUnavailable = () => undefined }: DatabaseListeners = {},
): Promise<Database> {
  waiting?.throwIfAborted();
  const embedded = config.databaseUrl === null ? await startEmbedded(config, log) : null;
  const url = embedded?.url ?? config.databaseUrl ?? "";
  const shares: DatabaseShares = createDatabaseShares({
    url,
    source: config.source,
    poolSize: config.databasePoolSize,
    onUnavailable: (error) => {
      onUnavailable();
      if (isOpen && !isPolling(config)) watch.noteFailure(error);
    },
  });
  const watch = createDatabaseWatch(log, () => shares.health);
  let isOpen = false;
  const close = async () => {
    isOpen = false;
    watch.stop();
    await shares.close();
    await embedded?.stop();
  };
  const prepare = async () => {
    await shares.open();
    await prepareTables(config, url, shares, { log, signal: waiting, onChecked });
  };
  try {
    if (waiting === null) await tellUnreachable(prepare());
    else await waitUntilAborted(retryUntilReached(prepare, log, waiting, onChecked), waiting);
  } catch (error) {
    await close();
    throw error;
  }
  isOpen = true;
  const { passes: dataSource, readers, health } = shares;
  return { dataSource, readers, health, countConnections: () => shares.countConnections(), close };
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
    // Its message says what to do; PostgreSQL's own, and that of a lost connection, do not.
    if (error instanceof UnusableSchemaError || error instanceof DatabaseUnreachableError) throw error;
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

function startEmbedded({ dataDir }: Config, log: Log) {
  return startEmbeddedPostgres({
    dataDir,
    log: (line) => {
      log.debug({ line }, "embedded PostgreSQL");
    },
  });
}

/** Passes tell of an outage themselves, once each way. */
function isPolling({ source, refreshIntervalMs, vdsmTransport, demo }: Config): boolean {
  return source === "hosts" && refreshIntervalMs !== null && (vdsmTransport !== null || demo);
}

interface PrepareOptions {
  readonly log: Log;
  readonly signal: AbortSignal | null;
  readonly onChecked: () => void;
}

async function prepareTables(
  { source }: Config,
  url: string,
  shares: DatabaseShares,
  { log, signal, onChecked }: PrepareOptions,
): Promise<void> {
  if (source === "engine") {
    const { message } = await checkEngine(shares.readers);
    onChecked();
    log.info(message);
    return;
  }
  const applied = await migrateAt(url, {
    ...(signal === null ? {} : { signal }),
    onWait: (reason) => {
      onChecked();
      log.warn({ reason }, "the database cannot be brought up to date yet; waiting");
    },
  });
  onChecked();
  if (applied.length > 0) log.info({ migrations: applied }, "database brought up to date");
}

async function tellUnreachable<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) throw error;
    throw new DatabaseUnreachableError(
      `the database of DATABASE_URL cannot be reached: ${formatError(error)}; ${HOW_TO_MEND}`,
      { cause: error },
    );
  }
}

/** Tries again while the database is away; whatever else is wrong ends it. */
async function retryUntilReached(
  prepare: () => Promise<void>,
  log: Log,
  signal: AbortSignal,
  onChecked: () => void,
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
      onChecked();
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

/** Stops waiting for work that cannot be stopped itself, such as the resolution of a name. */
async function waitUntilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => {
      reject(new Error("stopped while the database was opened", { cause: signal.reason }));
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { signal: done.signal });
  });
  work.catch(() => undefined);
  try {
    await Promise.race([work, aborted]);
  } finally {
    done.abort();
  }
}
