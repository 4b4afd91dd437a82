import type { DataSource, QueryRunner } from "typeorm";
import type { Queryable } from "../postgres/sql.js";
import type { Lanes } from "./lanes.js";

/** Runs statements that all see one state of the database, that of the first of them. */
export interface Snapshot extends Required<Queryable> {
  /** Ends the state that was seen; the next statement begins another one. */
  readonly renew: () => void;
  /** Gives the connection back as soon as the running statement has ended; no statement begins any more. */
  readonly close: () => Promise<void>;
}

/**
 * Creates a snapshot. It takes a connection at its first statement and has one owner, who closes it.
 * 1. The first statement begins a transaction that reads one state (REPEATABLE READ, READ ONLY) and locks nothing.
 * 2. Statements run one after the other on its connection. After one that failed, all others fail in the same way:
 *    to go on in another state would mix the two in one answer.
 * 3. `close` or `renew` ends the transaction, also when a statement has failed or the database has gone.
 *
 * A search that comes first waits for a lane before it takes a connection. Who holds a connection never waits for a lane:
 * so neither waits for the other in a circle, and searches leave connections to everybody else.
 */
export function createSnapshot(dataSource: DataSource, searches: Lanes | null = null): Snapshot {
  let connection: QueryRunner | null = null;
  let failure: Error | null = null;
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();

  const runInTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  const fail = (error: unknown): Error => {
    failure = error instanceof Error ? error : new Error(String(error));
    return failure;
  };
  const begin = async (): Promise<QueryRunner> => {
    if (isClosed) throw new Error("the request has ended; nothing is read for it any more");
    if (failure !== null) throw failure;
    if (connection !== null) return connection;
    const runner = dataSource.createQueryRunner();
    try {
      await runner.query(BEGIN);
    } catch (error) {
      await runner.release();
      throw fail(error);
    }
    return (connection = runner);
  };
  const run = async (sql: string, parameters?: unknown[]): Promise<unknown> => {
    const runner = await begin();
    try {
      return (await runner.query(sql, parameters)) as unknown;
    } catch (error) {
      throw fail(error);
    }
  };
  const end = async (): Promise<void> => {
    const ended = connection;
    connection = null;
    failure = null;
    if (ended === null) return;
    // On a lost connection there is nothing to end.
    await ended.query("COMMIT").catch(() => undefined);
    await ended.release();
  };
  return {
    query: (sql, parameters) => runInTurn(() => run(sql, parameters)),
    queryOptional: (sql, parameters) =>
      runInTurn(async () => {
        const runner = await begin();
        await runner.query("SAVEPOINT optional");
        try {
          return (await runner.query(sql, parameters)) as unknown;
        } catch (error) {
          await runner.query("ROLLBACK TO SAVEPOINT optional");
          throw error;
        }
      }),
    querySearch: (sql, parameters) =>
      runInTurn(async () => {
        const leave = connection === null ? await searches?.enter() : undefined;
        try {
          return await run(sql, parameters);
        } finally {
          leave?.();
        }
      }),
    renew: () => {
      void runInTurn(end);
    },
    close: () => {
      isClosed = true;
      return runInTurn(end);
    },
  };
}

const BEGIN = "START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
