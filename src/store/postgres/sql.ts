import { DataSource, type QueryRunner } from "typeorm";
import { toDatabaseError } from "./errors.js";

/** Runs statements: a DataSource on a connection of its pool, a QueryRunner on its own, a snapshot on its one. */
export interface Queryable {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
  /** Runs a statement whose failure does not end the transaction. Absent where there is none. */
  readonly queryOptional?: (sql: string, parameters?: unknown[]) => Promise<unknown>;
  /** Runs a search that no index helps, once there is room for it. Absent where searches are not bounded. */
  readonly querySearch?: (sql: string, parameters?: unknown[]) => Promise<unknown>;
}

/** Runs a statement and returns its rows. */
export async function queryRows<Row>(
  database: Queryable,
  sql: string,
  parameters: unknown[] = [],
): Promise<Row[]> {
  return (await askDatabase(database.query(sql, parameters))) as Row[];
}

/** Returns the rows of a statement that an answer can do without: its failure leaves the transaction as it was. */
export function queryOptionalRows<Row>(
  database: Queryable,
  sql: string,
  parameters: unknown[],
): Promise<Row[]> {
  return queryRows(
    { query: database.queryOptional ?? ((...sent) => database.query(...sent)) },
    sql,
    parameters,
  );
}

/** Returns the rows of a search that no index helps. */
export function querySearchRows<Row>(
  database: Queryable,
  sql: string,
  parameters: unknown[],
): Promise<Row[]> {
  return queryRows(
    { query: database.querySearch ?? ((...sent) => database.query(...sent)) },
    sql,
    parameters,
  );
}

/** Runs one statement and says how many rows it touched. */
export async function executeIn(
  queryRunner: QueryRunner,
  sql: string,
  parameters: unknown[],
): Promise<number> {
  return (await askDatabase(queryRunner.query(sql, parameters, true))).affected ?? 0;
}

/** Runs one changing statement of its own and says how many rows it touched. */
export async function execute(dataSource: DataSource, sql: string, parameters: unknown[]): Promise<number> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    return await executeIn(queryRunner, sql, parameters);
  } finally {
    await queryRunner.release();
  }
}

/** Runs one changing statement of its own and returns what its RETURNING gives. */
export async function executeReturning<Row>(
  dataSource: DataSource,
  sql: string,
  parameters: unknown[],
): Promise<Row[]> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    return (await askDatabase(queryRunner.query(sql, parameters, true))).records as Row[];
  } finally {
    await queryRunner.release();
  }
}

/** Runs `work` in a transaction; whatever it throws rolls everything back. */
export async function runInTransaction<Result>(
  dataSource: DataSource,
  work: (queryRunner: QueryRunner) => Promise<Result>,
  isolation: "READ COMMITTED" | "REPEATABLE READ" = "READ COMMITTED",
): Promise<Result> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    await queryRunner.startTransaction(isolation);
    const result = await work(queryRunner);
    await queryRunner.commitTransaction();
    return result;
  } catch (error) {
    // On a lost connection there is nothing to roll back, and the first error tells more than the second.
    if (queryRunner.isTransactionActive) await queryRunner.rollbackTransaction().catch(() => undefined);
    throw toDatabaseError(error);
  } finally {
    await queryRunner.release();
  }
}

/** Runs reads that all see one state: that of the given snapshot, or of their own transaction. */
export function readInOneState<Result>(
  database: Queryable,
  work: (state: Queryable) => Promise<Result>,
): Promise<Result> {
  return database instanceof DataSource
    ? runInTransaction(database, work, "REPEATABLE READ")
    : work(database);
}

/** Waits for the database, and tells its failures as {@link toDatabaseError} does. */
async function askDatabase<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw toDatabaseError(error);
  }
}

/** Groups rows by their VM, in the order in which they came. */
export function groupByVm<Row extends { readonly vmId: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const grouped = new Map<string, Row[]>();
  for (const row of rows) {
    const held = grouped.get(row.vmId);
    if (held === undefined) grouped.set(row.vmId, [row]);
    else held.push(row);
  }
  return grouped;
}

/** Collects a statement's parameters; each call returns the place that stands for its value. */
export class SqlParameters {
  readonly values: unknown[] = [];

  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}
