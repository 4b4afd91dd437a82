import { DataSource, type QueryRunner } from "typeorm";
import { toDatabaseError } from "./errors.js";

/** Runs statements. A DataSource uses any connection of its pool; a QueryRunner and a snapshot use their own one. */
export interface Queryable {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
  /** Runs a statement whose failure does not end the transaction. Left out if there is no transaction. */
  readonly queryOptional?: (sql: string, parameters?: unknown[]) => Promise<unknown>;
  /** Runs a search that no index helps, as soon as a search slot is free. Left out if searches are not limited. */
  readonly querySearch?: (sql: string, parameters?: unknown[]) => Promise<unknown>;
  /**
   * Runs a long search of several statements that no index helps. It has a search slot until the transaction ends.
   * Left out if searches are not limited.
   */
  readonly runSearch?: <Result>(search: (database: Queryable) => Promise<Result>) => Promise<Result>;
}

/** Runs a statement and returns its rows. */
export async function queryRows<Row>(
  database: Queryable,
  sql: string,
  parameters: unknown[] = [],
): Promise<Row[]> {
  return (await askDatabase(database.query(sql, parameters))) as Row[];
}

/** Returns the rows of a statement that an answer can do without. Its failure does not end the transaction. */
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

/** Runs a long search of several statements that no index helps. */
export function runSearch<Result>(
  database: Queryable,
  search: (database: Queryable) => Promise<Result>,
): Promise<Result> {
  return database.runSearch === undefined ? search(database) : database.runSearch(search);
}

/** Runs one statement and returns how many rows it affected. */
export async function executeIn(
  queryRunner: QueryRunner,
  sql: string,
  parameters: unknown[],
): Promise<number> {
  return (await askDatabase(queryRunner.query(sql, parameters, true))).affected ?? 0;
}

/** Runs one changing statement in its own transaction and returns how many rows it affected. */
export async function execute(dataSource: DataSource, sql: string, parameters: unknown[]): Promise<number> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    return await executeIn(queryRunner, sql, parameters);
  } finally {
    await queryRunner.release();
  }
}

/** Runs one changing statement in its own transaction and returns the rows of its RETURNING. */
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

/** Runs `work` in a transaction. An error rolls everything back. */
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
    // A lost connection has nothing to roll back. The first error says more than the second.
    if (queryRunner.isTransactionActive) await queryRunner.rollbackTransaction().catch(() => undefined);
    throw toDatabaseError(error);
  } finally {
    await queryRunner.release();
  }
}

/** Runs reads that all see one state of the database. A DataSource gets a transaction; anything else is in one already. */
export function readInOneState<Result>(
  database: Queryable,
  work: (state: Queryable) => Promise<Result>,
): Promise<Result> {
  return database instanceof DataSource
    ? runInTransaction(database, work, "REPEATABLE READ")
    : work(database);
}

/** Waits for the database, and converts its errors as {@link toDatabaseError} does. */
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

/** Collects a statement's parameters. Each call of `add` returns the placeholder of its value, such as `$1`. */
export class SqlParameters {
  readonly values: unknown[] = [];

  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  /**
   * Adds a list of keys, and returns the SQL of an array of them. Of few keys each is a parameter of its own, so that the text
   * shows about how many they are; some may be there twice. Of one parameter with a list PostgreSQL assumes ten keys when it
   * looks whether a plan for all values would do. If they are fewer, it finds that too dear, and plans the statement each time,
   * which costs more than to run it.
   */
  addKeys(keys: readonly string[], type: "uuid" | "text"): string {
    const size = KEY_COUNTS.find((each) => each >= keys.length);
    if (size === undefined || keys.length === 0) return `${this.add(keys)}::${type}[]`;
    const placeholders = Array.from({ length: size }, (_, at) => this.add(keys[at] ?? keys[0]));
    return `ARRAY[${placeholders.join(", ")}]::${type}[]`;
  }
}

/** So many keys have a text of their own. They are few, because a connection keeps the plan of each text. */
const KEY_COUNTS: readonly number[] = [1, 4, 10];
