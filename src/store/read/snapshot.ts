import type { DataSource, QueryRunner } from "typeorm";
import { DatabaseOverloadedError } from "../postgres/errors.js";
import type { Queryable } from "../postgres/sql.js";
import type { LeaveSlot, Slots } from "../../model/slots.js";

/** Runs statements that all see one state of the database, that of the first of them. */
export interface Snapshot extends Required<Queryable> {
  /** Ends the transaction; the next statement begins another one, with a new state. */
  readonly renew: () => void;
  /** Gives the connection back as soon as the running statements have ended. Later statements fail. */
  readonly close: () => Promise<void>;
}

/**
 * Creates a snapshot. It takes a connection at its first statement. It has one owner, who closes it.
 * 1. The first statement begins a transaction that sees one state (REPEATABLE READ, READ ONLY) and locks nothing. BEGIN and
 *    the statement are sent together.
 * 2. Statements that come while others run are sent at once, behind them. PostgreSQL answers them in this order. After one
 *    has failed, all later ones fail with the same error, because an answer must not mix two states.
 * 3. Searches and optional statements run alone on the connection.
 * 4. `close` or `renew` ends the transaction, even if a statement has failed or the database has gone.
 *
 * If the first statement is a search, it waits for a search slot before it takes a connection. A snapshot with a connection
 * never waits for a slot. So no two snapshots can wait for each other, and searches leave connections to other requests. A long
 * search has a slot in any case: a snapshot that has a connection, and finds no slot free, is overloaded. It keeps the slot until
 * the transaction ends, since a second search of the same request would otherwise come behind all who wait.
 */
export function createSnapshot(dataSource: DataSource, searches: Slots | null = null): Snapshot {
  let connection: Promise<QueryRunner> | null = null;
  let failure: Error | null = null;
  let isClosed = false;
  /** The slot of a long search; `null`: none has begun. */
  let slot: LeaveSlot | null = null;
  /** Resolves when the last work that ran alone on the connection has ended. */
  let alone: Promise<unknown> = Promise.resolve();
  /** The statements that were sent since then. */
  let running: Promise<unknown>[] = [];

  const runTogether = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = alone.then(work);
    running.push(result.catch(() => undefined));
    return result;
  };
  const runInTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = Promise.all([alone, ...running]).then(work);
    running = [];
    alone = result.catch(() => undefined);
    return result;
  };
  const fail = (error: unknown): Error =>
    (failure ??= error instanceof Error ? error : new Error(String(error)));
  const checkOpen = (): void => {
    if (isClosed) throw new Error("the request has ended; nothing is read for it any more");
    if (failure !== null) throw failure;
  };
  /** Returns the connection, whose transaction has begun or is on its way to PostgreSQL. */
  const begin = (): Promise<QueryRunner> => {
    connection ??= openConnection(dataSource).then((runner) => {
      // Not awaited: the next statement is sent right behind it. If this one fails, the next one fails, too.
      runner.query(BEGIN).catch(fail);
      return runner;
    });
    return connection;
  };
  const run = async (sql: string, parameters?: unknown[]): Promise<unknown> => {
    checkOpen();
    try {
      const runner = await begin();
      const rows = (await runner.query(sql, parameters)) as unknown;
      if (failure !== null) throw failure;
      return rows;
    } catch (error) {
      throw fail(error);
    }
  };
  const enterSearch = async (slots: Slots): Promise<LeaveSlot> => {
    checkOpen();
    if (connection === null) return slots.enter();
    const entered = slots.enterNow();
    if (entered === null) throw new DatabaseOverloadedError();
    return entered;
  };
  const end = async (): Promise<void> => {
    slot?.();
    slot = null;
    const ended = await connection?.catch(() => null);
    const hasFailed = failure !== null;
    connection = null;
    failure = null;
    if (ended == null) return;
    // A lost connection has no transaction to end.
    const committed = ended.query("COMMIT").catch(() => undefined);
    // Whoever gets the connection next sends right behind it, often in the same packet. After a failure the answer shows
    // whether the connection can still be used.
    if (hasFailed) await committed;
    await ended.release();
  };
  return {
    query: (sql, parameters) => runTogether(() => run(sql, parameters)),
    queryOptional: (sql, parameters) =>
      runInTurn(async () => {
        checkOpen();
        const runner = await begin().catch((error: unknown) => {
          throw fail(error);
        });
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
        const leave = connection === null && slot === null ? await searches?.enter() : undefined;
        try {
          return await run(sql, parameters);
        } finally {
          leave?.();
        }
      }),
    runSearch: (search) =>
      runInTurn(async () => {
        if (searches !== null) slot ??= await enterSearch(searches);
        return search({ query: run });
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

/** Takes a connection of the pool. Gives it back if connecting fails. */
async function openConnection(dataSource: DataSource): Promise<QueryRunner> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.connect();
    return runner;
  } catch (error) {
    await runner.release();
    throw error;
  }
}

const BEGIN = "START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
