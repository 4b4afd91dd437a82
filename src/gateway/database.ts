import type { DataSource } from "typeorm";
import type { Config } from "../config.js";
import type { Log } from "./log.js";
import { createDataSource } from "../store/postgres/data-source.js";
import { checkEngine } from "../engine-store/check-engine.js";
import { createEngineDataSource } from "../engine-store/engine-data-source.js";
import { startEmbeddedPostgres } from "../embedded-postgres/embedded-postgres.js";
import { migrate, UnusableSchemaError } from "../store/postgres/migrate.js";
import { formatError } from "./format-error.js";

/** A database that is there and has the tables that are read. */
export interface Database {
  readonly dataSource: DataSource;
  close(): Promise<void>;
}

/** How long a single SQL statement may take before PostgreSQL ends it. */
const STATEMENT_TIMEOUT_MS = 5_000;

/** No migration takes longer, on a database that can be worked with at all. */
const MIGRATION_TIMEOUT_MS = 3_600_000;

/** Waits between two attempts to reach a database: doubled up to the last. */
const FIRST_WAIT_MS = 250;
const LAST_WAIT_MS = 10_000;

/**
 * Opens the database that is named, or an embedded one, and brings it up to date. One that cannot be reached is waited for
 * until the signal, and said so once a change of reason; `null` waits for none. One that is not ours is an error at once.
 * `onChecked` is called once, when the database was checked and brought up to date, or when the wait for it begins.
 */
export async function openDatabase(
  config: Config,
  log: Log,
  waiting: AbortSignal | null,
  onChecked: () => void = () => undefined,
): Promise<Database> {
  const embedded =
    config.databaseUrl === null
      ? await startEmbeddedPostgres({
          dataDir: config.dataDir,
          log: (line) => {
            log.debug({ line }, "embedded PostgreSQL");
          },
        })
      : null;
  const url = embedded?.url ?? config.databaseUrl ?? "";
  const create = config.source === "engine" ? createEngineDataSource : createDataSource;
  const dataSource = create(url, {
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const close = async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
    await embedded?.stop();
  };
  try {
    await (waiting === null ? connect(dataSource) : reach(dataSource, log, waiting, onChecked));
    if (config.source === "engine") {
      const { message } = await checkEngine(dataSource);
      onChecked();
      log.info(message);
    } else {
      const applied = await migrateAt(url);
      onChecked();
      if (applied.length > 0) log.info({ migrations: applied }, "database brought up to date");
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { dataSource, close };
}

/** Brings a database up to date over a connection of its own: a migration may be silent for longer than any request. */
export async function migrateAt(url: string): Promise<string[]> {
  const dataSource = createDataSource(url, { poolSize: 1, statementTimeoutMs: MIGRATION_TIMEOUT_MS });
  try {
    await connect(dataSource);
    return await migrate(dataSource);
  } catch (error) {
    // Its message says what to do; PostgreSQL's own, and that of a lost connection, do not.
    if (error instanceof UnusableSchemaError || error instanceof DatabaseUnreachableError) throw error;
    throw new Error(`the database cannot be brought up to date: ${formatError(error)}; ${HOW_TO_MEND}`, {
      cause: error,
    });
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

const HOW_TO_MEND = "`vnic-graph doctor` says how to mend it";

class DatabaseUnreachableError extends Error {
  override readonly name = "DatabaseUnreachableError";
}

async function connect(dataSource: DataSource): Promise<void> {
  try {
    await dataSource.initialize();
  } catch (cause) {
    throw new DatabaseUnreachableError(
      `the database of DATABASE_URL cannot be reached: ${formatError(cause)}; ${HOW_TO_MEND}`,
      { cause },
    );
  }
}

async function reach(
  dataSource: DataSource,
  log: Log,
  signal: AbortSignal,
  onChecked: () => void,
): Promise<void> {
  let reason = "";
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LAST_WAIT_MS)) {
    signal.throwIfAborted();
    try {
      await dataSource.initialize();
      if (reason !== "") log.info("the database answers");
      return;
    } catch (error) {
      const message = formatError(error);
      if (reason === "") onChecked();
      if (message !== reason) {
        log.error({ reason: message }, "the database cannot be reached; waiting for it");
      }
      reason = message;
      await pause(waitMs, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
