import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { createDatabase } from "../../support/databases/database.js";
import { until } from "../../store/until.js";
import { startTestGateway } from "../support/gateway.js";
import { startGenerations } from "../support/generations.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test("readers that hold all their connections stop no pass, make nothing unready, and the next are OVERLOADED", async () => {
  const fleet = await startGenerations({ hosts: 2, vmsPerHost: 5, changesAtEveryPoll: true });
  cleanups.push(() => fleet.stop());
  const database = await createDatabase();
  cleanups.push(() => database.drop());
  const gateway = await startTestGateway(database.url, fleet.vdsmHosts, { DATABASE_POOL_SIZE: "3" });
  cleanups.push(() => gateway.stop());
  await until(() => gateway.isReady());
  // From then on conflicts are read from the index of addresses.
  await until(async () => {
    const index = await database.dataSource.query<{ is_built: boolean }[]>(
      "SELECT is_built FROM vnic_graph_address_index",
    );
    return index.length > 0 && index.every(({ is_built: isBuilt }) => isBuilt);
  });
  // Readers wait for this lock; passes and readiness do not read that table, and without it other questions are answered.
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query("BEGIN; LOCK TABLE vnic_graph_shared_address IN ACCESS EXCLUSIVE MODE");
  const asked = Array.from({ length: 20 }, () =>
    gateway.ask("{ addressConflicts(first: 1) { nodes { address } } }"),
  );
  const passes = () =>
    database.dataSource.query<{ last: Date }[]>("SELECT min(last_success_at) AS last FROM vnic_graph_host");
  const [before] = await passes();
  await until(async () => (await passes())[0]!.last > before!.last);
  expect(await gateway.isReady()).toBe(true);
  const answers = await Promise.all(asked);
  await holder.query("ROLLBACK");
  await holder.end();
  for (const { status, retryAfter, codes } of answers) {
    expect(status).toBe(503);
    expect(retryAfter).not.toBeNull();
    expect(["OVERLOADED", "NOT_AVAILABLE"]).toContain(codes[0]);
  }
  expect(answers.some(({ codes }) => codes.includes("OVERLOADED"))).toBe(true);
  await until(async () => (await gateway.ask("{ hosts { name } }")).status === 200);
});
