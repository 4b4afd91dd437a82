import { randomBytes } from "node:crypto";
import type { QueryRunner } from "typeorm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDatabaseShares, type DatabaseShares } from "../../src/gateway/database/database-shares.js";
import { startTestGateway } from "../faults/support/gateway.js";
import { asAdmin, createDatabase, type TestDatabase } from "../support/databases/database.js";
import { eventually } from "../support/eventually.js";

const SHARES = 3;

let database: TestDatabase;
let shares: DatabaseShares;
let role: string;
let url: string;
let told: string[];

beforeEach(async () => {
  database = await createDatabase();
  role = `vnic_graph_few_${randomBytes(4).toString("hex")}`;
  await asAdmin(`CREATE ROLE ${role} LOGIN PASSWORD 'few' CONNECTION LIMIT ${SHARES}`);
  const own = new URL(database.url);
  own.username = role;
  own.password = "few";
  url = own.href;
  told = [];
  shares = createDatabaseShares({
    url,
    source: "hosts",
    poolSize: 10,
    onUnavailable: ({ reason }) => told.push(`unavailable: ${reason}`),
    onFewer: ({ reason }) => told.push(`fewer: ${reason}`),
    onRefused: () => undefined,
  });
  // On a busy machine a connection may be given up for another one while the database still counts it.
  await eventually(() => shares.open());
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

test("a gateway whose role may have one connection a share starts at once, without a word of trouble", async () => {
  await shares.close();
  await asAdmin(`GRANT ${new URL(database.url).username} TO ${role}`);
  const gateway = await startTestGateway(url, "", { REFRESH_INTERVAL: "off" });
  try {
    expect(await gateway.ask("{ hosts { name } }")).toMatchObject({ status: 200, codes: [] });
    expect(gateway.log.join("")).not.toContain("cannot be reached");
  } finally {
    await gateway.stop();
  }
});

test("a share whose connection was lost to another one gets it back", async () => {
  await asAdmin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`);
  const busy = Array.from({ length: 20 }, () => shares.readers.query("SELECT pg_sleep(0.05)"));
  await Promise.allSettled(busy);
  // The database counts a connection for a moment that it has ended, so the first tries may find no room.
  const all = [shares.readers, shares.health, shares.passes];
  await eventually(() => Promise.all(all.map((share) => share.query("SELECT 1"))));
  expect(shares.countConnections().total).toBe(SHARES);
  told = [];
  await Promise.all(
    all.flatMap((share) => Array.from({ length: 20 }, () => share.query("SELECT pg_sleep(0.01)"))),
  );
  expect(told).not.toContain("unavailable: connections");
});

test("a share that has no connection, and gets none, says that the database takes no more", async () => {
  await asAdmin(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
  const own = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`;
  await asAdmin(own);
  // Requests before may learn only now that their connection is lost.
  await eventually(() =>
    expect(shares.readers.query("SELECT 1")).rejects.toMatchObject({ reason: "connections" }),
  );
  expect(told).toContain("unavailable: connections");
});

describe("a check of the database that lost its connection while reads hold all others", () => {
  const READS = 4;
  let reads: QueryRunner[];

  beforeEach(async () => {
    await asAdmin(`ALTER ROLE ${role} CONNECTION LIMIT ${SHARES + READS - 1}`);
    reads = Array.from({ length: READS }, () => shares.readers.createQueryRunner());
    for (const read of reads) await read.connect();
    await asAdmin(`ALTER ROLE ${role} CONNECTION LIMIT ${SHARES + READS - 2}`);
    const [{ pid }] = await shares.health.query<[{ pid: number }]>("SELECT pg_backend_pid() AS pid");
    await asAdmin(`SELECT pg_terminate_backend(${pid})`);
    await eventually(() => {
      expect(shares.countConnections().total).toBe(READS + 1);
    });
    const checks = Array.from({ length: 5 }, () => shares.health.query("SELECT 1"));
    const outcomes = await Promise.allSettled(checks);
    expect(outcomes.map(({ status }) => status)).not.toContain("fulfilled");
  });
  const release = () => Promise.all(reads.map((read) => read.release()));
  // The database still counts a connection for a moment that was ended or refused.
  const check = () => eventually(() => shares.health.query("SELECT 1"));

  test("takes one of them, however often it has asked", async () => {
    await release();
    await check();
    expect(shares.countConnections().total).toBe(READS + 1);
  });

  test("takes none of them if it has got another one meanwhile", async () => {
    await asAdmin(`ALTER ROLE ${role} CONNECTION LIMIT ${SHARES + READS - 1}`);
    await check();
    await release();
    expect(shares.countConnections().total).toBe(READS + 2);
  });
});

test("a read that could not have a connection of its own keeps its place before later ones", async () => {
  const held = shares.readers.createQueryRunner();
  await held.connect();
  const done: number[] = [];
  const reads = Array.from({ length: 8 }, async (_, at) => {
    await shares.readers.query("SELECT 1");
    done.push(at);
  });
  await eventually(() => {
    expect(shares.countConnections().waiting).toBe(8);
  });
  await held.release();
  await Promise.all(reads);
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});
