import type { DataSource, QueryRunner } from "typeorm";
import { MigrationExecutor } from "typeorm";
import { setTimeout as sleep } from "node:timers/promises";
import { MIGRATIONS_TABLE } from "./data-source.js";
import { rowsOf } from "./sql.js";

/** The database is not one that we may change; the message says why and what to do. */
export class UnusableSchemaError extends Error {
  override readonly name = "UnusableSchemaError";
}

/**
 * Brings the tables up to date and returns the names of the migrations that ran. Processes that start together run them
 * once: the others wait and find nothing to do.
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    await waitForLock(queryRunner);
    try {
      await refuseStrangers(dataSource, queryRunner);
      const executor = new MigrationExecutor(dataSource, queryRunner);
      executor.transaction = "all";
      return (await executor.executePendingMigrations()).map((migration) => migration.name);
    } finally {
      await queryRunner.query("SELECT pg_advisory_unlock($1)", [LOCK_KEY]);
    }
  } finally {
    await queryRunner.release();
  }
}

/** The names of the migrations that have yet to run; changes nothing. Throws {@link UnusableSchemaError} where none ever may. */
export async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    await refuseStrangers(dataSource, queryRunner);
    const recorded = await recordedMigrations(queryRunner);
    const known = dataSource.migrations.map((migration) => migration.name ?? "");
    return known.filter((name) => !recorded.includes(name));
  } finally {
    await queryRunner.release();
  }
}

/** Asks again and again: a statement that waited would meet the time limit of statements, ours or the server's. */
async function waitForLock(queryRunner: QueryRunner): Promise<void> {
  for (;;) {
    const [row] = await rowsOf<{ locked: boolean }>(
      queryRunner,
      "SELECT pg_try_advisory_lock($1) AS locked",
      [LOCK_KEY],
    );
    if (row?.locked === true) return;
    await sleep(LOCK_RETRY_MS);
  }
}

async function refuseStrangers(dataSource: DataSource, queryRunner: QueryRunner): Promise<void> {
  const recorded = await recordedMigrations(queryRunner);
  const known = new Set(dataSource.migrations.map((migration) => migration.name ?? ""));
  const unknown = recorded.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new UnusableSchemaError(
      `${whereOf(dataSource)}: its tables were made by a newer vnic-graph (${unknown.join(", ")}); ` +
        "start that version or newer, or give DATABASE_URL another database",
    );
  }
  if (recorded.length > 0) return;
  const strangers = await tablesOfOurNames(dataSource, queryRunner);
  if (strangers.length > 0) {
    throw new UnusableSchemaError(
      `${whereOf(dataSource)}: has tables that vnic-graph did not make (${strangers.join(", ")}), ` +
        "as an oVirt engine's database would; nothing was changed: give DATABASE_URL an empty database",
    );
  }
}

async function recordedMigrations(queryRunner: QueryRunner): Promise<string[]> {
  const [found] = await rowsOf<{ exists: boolean }>(
    queryRunner,
    "SELECT to_regclass($1) IS NOT NULL AS exists",
    [MIGRATIONS_TABLE],
  );
  if (found?.exists !== true) return [];
  const rows = await rowsOf<{ name: string }>(
    queryRunner,
    `SELECT name FROM ${MIGRATIONS_TABLE} ORDER BY id`,
  );
  return rows.map((row) => row.name);
}

async function tablesOfOurNames(dataSource: DataSource, queryRunner: QueryRunner): Promise<string[]> {
  const names = dataSource.entityMetadatas.map((metadata) => metadata.tableName);
  const rows = await rowsOf<{ name: string }>(
    queryRunner,
    "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL ORDER BY name",
    [names],
  );
  return rows.map((row) => row.name);
}

/** The database by name: a URL may hold a password. */
function whereOf(dataSource: DataSource): string {
  return `database ${dataSource.driver.database ?? ""}`;
}

/** Any number will do that nobody else uses on this database: "vnic" in ASCII. */
const LOCK_KEY = 0x766e6963;
const LOCK_RETRY_MS = 100;
