import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createDatabaseShares, type DatabaseShares } from "../../src/gateway/database/database-shares.js";
import { asAdmin, createDatabase, type TestDatabase } from "../support/databases/database.js";

const SHARES = 3;

let database: TestDatabase;
let shares: DatabaseShares;
let role: string;
let told: string[];

beforeEach(async () => {
  database = await createDatabase();
  role = `vnic_graph_few_${randomBytes(4).toString("hex")}`;
  await asAdmin(`CREATE ROLE ${role} LOGIN PASSWORD 'few' CONNECTION LIMIT ${SHARES}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = "few";
  told = [];
  shares = createDatabaseShares({
    url: url.href,
    source: "hosts",
    poolSize: 10,
    onUnavailable: ({ reason }) => told.push(`unavailable: ${reason}`),
    onFewer: ({ reason }) => told.push(`fewer: ${reason}`),
    onRefused: () => undefined,
  });
  await shares.open();
});
afterEach(async () => {
  await shares.close();
  await database.drop();
  await asAdmin(`DROP ROLE ${role}`);
});

test("a role that may have one connection a share serves many requests at once, and says that it has few", async () => {
  const sleep = "SELECT pg_sleep(0.01)";
  const asked = [shares.readers, shares.passes].flatMap((share) =>
    Array.from({ length: 30 }, () => share.query(sleep)),
  );
  await Promise.all([...asked, shares.health.query(sleep)]);
  expect(shares.countConnections()).toMatchObject({ total: SHARES, waiting: 0 });
  expect(new Set(told)).toEqual(new Set(["fewer: connections"]));
});

test("a share whose connection was lost to another one gets it back", async () => {
  await asAdmin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`);
  const busy = Array.from({ length: 20 }, () => shares.readers.query("SELECT pg_sleep(0.05)"));
  await Promise.allSettled(busy);
  const again = Array.from({ length: 20 }, () => shares.readers.query("SELECT pg_sleep(0.05)"));
  await vi.waitFor(() => {
    expect(shares.countConnections().total).toBe(SHARES);
  });
  await shares.health.query("SELECT 1");
  await Promise.all(again);
  await shares.passes.query("SELECT 1");
  expect(told).not.toContain("unavailable: connections");
});

test("a share that has no connection, and gets none, says that the database takes no more", async () => {
  await asAdmin(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
  const own = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`;
  await asAdmin(own);
  // The first requests may learn only now that their connection is lost.
  await Promise.allSettled([shares.readers.query("SELECT 1"), shares.health.query("SELECT 1")]);
  await expect(shares.readers.query("SELECT 1")).rejects.toMatchObject({ reason: "connections" });
  expect(told).toContain("unavailable: connections");
});
