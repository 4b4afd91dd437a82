import type { DataSource, QueryRunner } from "typeorm";
import { MigrationExecutor } from "typeorm";
import { setTimeout as sleep } from "node:timers/promises";
import { MIGRATIONS_TABLE } from "./data-source.js";
import { DEADLOCK, findSqlState, LOCK_NOT_AVAILABLE } from "./errors.js";
import { runInTransaction, queryRows } from "./sql.js";

/** The database must not be changed by us. The message says why and what to do. */
export class UnusableSchemaError extends Error {
  override readonly name = "UnusableSchemaError";
}

/** What to do while a migration has to wait. */
export interface MigrateOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** Called once, with the reason, if the migration has to wait for somebody else. */
  readonly onWait?: (reason: string) => void;
}

/**
 * Brings the tables up to date and returns the names of the migrations that ran. Everything happens in one transaction:
 * 1. take a lock that ends with the transaction, so that a connection pooler cannot keep it;
 * 2. check that the tables are ours;
 * 3. run the migrations that are missing.
 *
 * If several processes start together, one of them does this. The others try again and again, as they do for a table that
 * somebody else has locked, and after a deadlock with passes of running gateways. A statement that waited for the lock would
 * block all that come after it.
 */
export async function migrate(dataSource: DataSource, options: MigrateOptions = {}): Promise<string[]> {
  let hasTold = false;
  for (;;) {
    const result = await tryToMigrate(dataSource);
    if (Array.isArray(result)) return result;
    if (!hasTold) options.onWait?.(result);
    hasTold = true;
    options.signal?.throwIfAborted();
    await sleep(LOCK_RETRY_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** Runs the migrations that are missing, and returns their names. If they have to wait, returns the reason instead. */
export async function tryToMigrate(dataSource: DataSource): Promise<string[] | string> {
  try {
    return await runInTransaction(dataSource, async (queryRunner) => {
      const [row] = await queryRows<{ locked: boolean }>(
        queryRunner,
        "SELECT pg_try_advisory_xact_lock($1) AS locked",
        [LOCK_KEY],
      );
      if (row?.locked !== true) return "another process brings the database up to date";
      await refuseStrangers(dataSource, queryRunner);
      await queryRunner.query(FORGET_USUAL_TABLESPACE);
      const executor = new MigrationExecutor(dataSource, queryRunner);
      executor.transaction = "all";
      return (await executor.executePendingMigrations()).map((migration) => migration.name);
    });
  } catch (error) {
    const state = findSqlState(error);
    if (state === LOCK_NOT_AVAILABLE || state === DEADLOCK) return "somebody else has locked a table";
    throw error;
  }
}

/**
 * Lists the migrations that have not run yet. Changes nothing. Throws {@link UnusableSchemaError} if none may run in this
 * database.
 */
export async function listPendingMigrations(dataSource: DataSource): Promise<string[]> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    await refuseStrangers(dataSource, queryRunner);
    const recorded = await readRecordedMigrations(queryRunner);
    const known = dataSource.migrations.map((migration) => migration.name ?? "");
    return known.filter((name) => !recorded.includes(name));
  } finally {
    await queryRunner.release();
  }
}

async function refuseStrangers(dataSource: DataSource, queryRunner: QueryRunner): Promise<void> {
  const [database] = await queryRows<{ encoding: string }>(
    queryRunner,
    "SELECT current_setting('server_encoding') AS encoding",
  );
  if (database?.encoding !== "UTF8") {
    throw new UnusableSchemaError(
      `${describeDatabase(dataSource)}: its encoding is ${database?.encoding ?? "unknown"}, which cannot hold what guests report; ` +
        "nothing was changed: give DATABASE_URL one made by CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
    );
  }
  const recorded = await readRecordedMigrations(queryRunner);
  const known = new Set(dataSource.migrations.map((migration) => migration.name ?? ""));
  const unknown = recorded.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new UnusableSchemaError(
      `${describeDatabase(dataSource)}: its tables were made by a newer vnic-graph (${unknown.join(", ")}); ` +
        "start that version or newer, or give DATABASE_URL another database",
    );
  }
  if (recorded.length > 0) return;
  const strangers = await listOurTables(dataSource, queryRunner);
  if (strangers.length > 0) {
    throw new UnusableSchemaError(
      `${describeDatabase(dataSource)}: has tables that vnic-graph did not make (${strangers.join(", ")}), ` +
        "as an oVirt engine's database would; nothing was changed: give DATABASE_URL an empty database",
    );
  }
}

async function readRecordedMigrations(queryRunner: QueryRunner): Promise<string[]> {
  const [found] = await queryRows<{ exists: boolean }>(
    queryRunner,
    "SELECT to_regclass($1) IS NOT NULL AS exists",
    [MIGRATIONS_TABLE],
  );
  if (found?.exists !== true) return [];
  const rows = await queryRows<{ name: string }>(
    queryRunner,
    `SELECT name FROM ${MIGRATIONS_TABLE} ORDER BY id`,
  );
  return rows.map((row) => row.name);
}

async function listOurTables(dataSource: DataSource, queryRunner: QueryRunner): Promise<string[]> {
  const names = dataSource.entityMetadatas.map((metadata) => metadata.tableName);
  const rows = await queryRows<{ name: string }>(
    queryRunner,
    "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL ORDER BY name",
    [names],
  );
  return rows.map((row) => row.name);
}

/** Describes the database by name: a URL may hold a password. */
function describeDatabase(dataSource: DataSource): string {
  return `database ${dataSource.driver.database ?? ""}`;
}

/**
 * Forgets a `default_tablespace` that is the database's own. Tables come there anyway, and PostgreSQL refuses a partitioned
 * table for which it is named.
 */
const FORGET_USUAL_TABLESPACE = `SELECT set_config('default_tablespace', '', true)
  FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace
  WHERE d.datname = current_database() AND t.spcname = current_setting('default_tablespace')`;

/** Any number that no other program uses on this database: "vnic" in ASCII. */
const LOCK_KEY = 0x766e6963;
const LOCK_RETRY_MS = 100;
