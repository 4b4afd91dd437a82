import type { createDataSource } from "../../store/postgres/data-source.js";

export type DataSource = ReturnType<typeof createDataSource>;
type QueryRunner = ReturnType<DataSource["createQueryRunner"]>;

/**
 * Runs work in a transaction that is never committed. What the work takes for a connection of its own is always this one,
 * and its transactions are savepoints; so everything happens, with the rights that the gateway has, and nothing stays.
 * The work must ask for one thing at a time.
 */
export async function rehearse<Result>(
  dataSource: DataSource,
  work: (rehearsal: DataSource) => Promise<Result>,
): Promise<Result> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    // A gateway that runs beside us must not wait long for what we hold, nor we for it.
    await runner.query(`SET LOCAL lock_timeout = '${LOCK_WAIT_MS}ms'`);
    return await work(createRehearsal(dataSource, runner));
  } finally {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    await runner.release();
  }
}

const LOCK_WAIT_MS = 2_000;

/** Tries something; what it did is undone at once if it fails, so that the next thing can be tried. */
export async function attemptIn(rehearsal: DataSource, attempt: () => Promise<unknown>): Promise<unknown> {
  const runner = rehearsal.createQueryRunner();
  await runner.startTransaction();
  try {
    await attempt();
    await runner.commitTransaction();
    return null;
  } catch (error) {
    await runner.rollbackTransaction();
    return error;
  }
}

function createRehearsal(dataSource: DataSource, runner: QueryRunner): DataSource {
  const shared = Object.create(runner) as QueryRunner;
  shared.release = () => Promise.resolve();
  const rehearsal = Object.create(dataSource) as DataSource;
  rehearsal.createQueryRunner = () => shared;
  return rehearsal;
}
