import { setImmediate as nextTurn } from "node:timers/promises";
import type { createDataSource } from "../../store/postgres/data-source.js";
import type { Trial } from "./trial.js";

export type DataSource = ReturnType<typeof createDataSource>;
type QueryRunner = ReturnType<DataSource["createQueryRunner"]>;

/**
 * Runs work in a transaction that is never committed. The work always gets the same connection when it opens one, and
 * its transactions become savepoints. So everything is really done, with the rights that the gateway has, and nothing
 * stays. The work must ask for one thing at a time.
 */
export async function rehearse<Result>(
  dataSource: DataSource,
  work: (rehearsal: DataSource) => Promise<Result>,
): Promise<Result> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    // A gateway that runs beside us must not wait for our locks for long, nor we for its locks.
    await runner.query(`SET LOCAL lock_timeout = '${LOCK_WAIT_MS}ms'`);
    return await work(createRehearsal(dataSource, runner));
  } finally {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    await runner.release();
  }
}

const LOCK_WAIT_MS = 2_000;

/**
 * Tries something. If it fails, it is undone at once, so that the next thing can be tried. With `isBrief` it is always
 * undone, so that its locks end.
 */
export async function attemptIn(
  rehearsal: DataSource,
  { attempt, isBrief = false }: Pick<Trial, "attempt" | "isBrief">,
): Promise<unknown> {
  const runner = rehearsal.createQueryRunner() as RehearsalRunner;
  runner.beginTrial();
  await runner.query(`SAVEPOINT ${TRIAL}`);
  try {
    await attempt();
    await runner.query(isBrief ? `ROLLBACK TO SAVEPOINT ${TRIAL}` : `RELEASE SAVEPOINT ${TRIAL}`);
    return null;
  } catch (error) {
    // If several statements were sent together, all fail one after the other. The error of the first says why.
    const failure = runner.findFirstFailure() ?? error;
    await runner.settle();
    await runner.query(`ROLLBACK TO SAVEPOINT ${TRIAL}`);
    return failure;
  }
}

const TRIAL = "doctor_trial";

/** The one connection of a rehearsal. */
interface RehearsalRunner extends QueryRunner {
  beginTrial(): void;
  /** Returns the error of the first statement that failed since the trial began; `null`: none failed. */
  findFirstFailure(): Error | null;
  /** Waits until the trial sends no more statements, and forgets transactions that it left open. */
  settle(): Promise<void>;
}

const QUIET_TURNS = 5;

function createRehearsal(dataSource: DataSource, runner: QueryRunner): DataSource {
  const shared = Object.create(runner) as RehearsalRunner;
  const pending = new Set<Promise<unknown>>();
  let firstFailure: Error | null = null;
  const depth: unknown = Reflect.get(runner, "transactionDepth");
  shared.release = () => Promise.resolve();
  shared.beginTrial = () => {
    firstFailure = null;
  };
  shared.findFirstFailure = () => firstFailure;
  shared.query = (async (...parameters: Parameters<QueryRunner["query"]>) => {
    const answer: Promise<unknown> = runner.query(...parameters);
    pending.add(answer);
    try {
      return await answer;
    } catch (error) {
      firstFailure ??= error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      pending.delete(answer);
    }
  }) as QueryRunner["query"];
  shared.settle = async () => {
    // A trial that continues after an answer does so within a few turns of the event loop.
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      if (pending.size > 0) quiet = 0;
      await Promise.allSettled(pending);
      await nextTurn();
    }
    Reflect.set(shared, "transactionDepth", depth);
    Reflect.set(shared, "isTransactionActive", true);
  };
  const rehearsal = Object.create(dataSource) as DataSource;
  rehearsal.createQueryRunner = () => shared;
  return rehearsal;
}
