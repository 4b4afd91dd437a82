import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";

let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

test.each([
  ["vm_dynamic", "vm_ip"],
  ["vm_guest_agent_interfaces", "ipv6_addresses"],
  ["vds_static", "host_name"],
])("readiness fails as queries do if a single column has another name: %s.%s", async (table, column) => {
  const { store, dataSource } = database;
  expect(await store.readPollingState()).toMatchObject({ hosts: 0 });
  await dataSource.query(`ALTER TABLE ${table} RENAME COLUMN ${column} TO hidden`);
  await expect(store.readPollingState()).rejects.toMatchObject({ reason: "missing" });
  await dataSource.query(`ALTER TABLE ${table} RENAME COLUMN hidden TO ${column}`);
  expect(await store.readPollingState()).toMatchObject({ hosts: 0 });
});

test("readiness asks for all in one statement, which reads no row of a VM", async () => {
  database.statements();
  await database.store.readPollingState();
  const statements = database.statements();
  expect(statements).toHaveLength(1);
  const plan = await database.dataSource.query<{ "QUERY PLAN": string }[]>(`EXPLAIN ${statements[0]!}`);
  expect(plan.map((line) => line["QUERY PLAN"]).join("\n")).not.toMatch(/ on vm_|vnic_graph_vm/);
});
