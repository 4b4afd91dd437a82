import pg from "pg";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { createEngineDataSource } from "../../src/engine-store/engine-data-source.js";
import { createEngineStore } from "../../src/engine-store/engine-store.js";
import { withDatabase } from "../support/databases/postgres-server.js";
import { askForData } from "../graph/support/ask.js";
import { until } from "../server/running.js";
import { createEngineDatabase, type EngineDatabase } from "./engine-database.js";

let engine: EngineDatabase;

beforeAll(async () => {
  engine = await createEngineDatabase();
});

afterAll(() => engine.drop());

const POOL_SIZE = 5;

/** Asks a question as often as there are connections, while the tables that it searches are locked. */
async function askWhileLocked(query: string): Promise<readonly PromiseSettledResult<unknown>[]> {
  const dataSource = await createEngineDataSource(engine.url, { poolSize: POOL_SIZE }).initialize();
  onTestFinished(() => dataSource.destroy());
  const store = createEngineStore(dataSource);
  const holder = new pg.Client(
    withDatabase(inject("databaseAdminUrl"), new URL(engine.url).pathname.slice(1)),
  );
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query("BEGIN");
  await holder.query(
    "LOCK TABLE vm_static, vm_guest_agent_interfaces, vm_interface IN ACCESS EXCLUSIVE MODE",
  );
  const answers = Promise.allSettled(
    Array.from({ length: POOL_SIZE }, async () => {
      const { reads, close } = store.openSnapshot(null);
      return askForData(reads, query).finally(close);
    }),
  );
  await until(async () => {
    const { rows } = await holder.query<{ count: number }>(
      `SELECT count(DISTINCT pid)::int AS count FROM pg_locks WHERE NOT granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return (rows[0]?.count ?? 0) >= 2;
  });
  // The others have no connection, so that other requests are answered.
  const others = Array.from({ length: POOL_SIZE - 2 }, () =>
    dataSource.query("SELECT 1 AS value, pg_sleep(0.05)"),
  );
  expect(await Promise.all(others)).toHaveLength(POOL_SIZE - 2);
  await holder.query("COMMIT");
  return answers;
}

const LONG_SEARCHES = [
  "drift { totalCount nodes { kind } }",
  "guestAddresses { totalCount nodes { address } }",
  "addressConflicts { totalCount nodes { address } }",
  "macConflicts { totalCount nodes { macAddress } }",
  "guestNetworkStats(by: HOST) { rows { vms } }",
  "vms(orderBy: PRIMARY_ADDRESS_ASC) { nodes { id } }",
];

test.each([...LONG_SEARCHES, "vms(orderBy: HOST_ASC) { nodes { id } }"])(
  "two searches run at a time, with what they look up before; the others wait without a connection: { %s }",
  async (root) => {
    const answers = await askWhileLocked(`{ ${root} }`);
    expect(answers.map(({ status }) => status)).toEqual(Array.from(answers, () => "fulfilled"));
  },
);

test.each(LONG_SEARCHES)(
  "no more run where a request has read something else before: those are overloaded: { hosts { id } %s }",
  async (root) => {
    const answers = await askWhileLocked(`{ hosts { id } ${root} }`);
    const failures = answers.flatMap((answer) =>
      answer.status === "rejected" ? [(answer.reason as Error).message] : [],
    );
    expect(failures).toHaveLength(POOL_SIZE - 2);
    for (const message of failures) expect(message).toContain("Too many requests wait for the database");
  },
);
