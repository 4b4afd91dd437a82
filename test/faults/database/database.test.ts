import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../store/until.js";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { startTestGateway, type Answer, type TestGateway } from "../support/gateway.js";
import { startGenerations, type Generations } from "../support/generations.js";
import { Invariants } from "../support/invariants.js";
import { startDatabaseProxy, type Proxy } from "../support/proxy.js";

let fleet: Generations;
let database: TestDatabase;
let proxy: Proxy;
let gateway: TestGateway;
let invariants: Invariants;

beforeAll(async () => {
  fleet = await startGenerations({ hosts: 2, vmsPerHost: 10, changesAtEveryPoll: true });
  database = await createDatabase();
  proxy = await startDatabaseProxy(database.url);
  gateway = await startTestGateway(proxy.formatUrl(database.url), fleet.vdsmHosts, {
    LIMITS: "running=2,waiting=2",
  });
  invariants = new Invariants(database.dataSource, fleet);
  await until(() => gateway.isReady());
});

afterAll(async () => {
  await gateway.stop();
  await proxy.stop();
  await fleet.stop();
  await database.drop();
});

const VMS = "{ vms(first: 20) { edges { node { id guestInfo { ips stale staleReason } } } } }";
const PATIENCE = { interval: 25 };

function isGood({ status, codes }: Answer): boolean {
  return status === 200 && codes.length === 0;
}

/** Passes write again, reads answer again, and everything stored is whole. */
async function expectRecovery(): Promise<void> {
  await expect.poll(async () => isGood(await gateway.ask(VMS)), PATIENCE).toBe(true);
  const before = await Promise.all(fleet.hosts.map((host) => invariants.stored(host)));
  for (const [at, host] of fleet.hosts.entries()) {
    await expect.poll(() => invariants.stored(host), PATIENCE).toBeGreaterThan(before[at]!);
  }
  await expect.poll(() => gateway.isReady(), PATIENCE).toBe(true);
  expect(await invariants.violations()).toEqual([]);
}

/** One statement on a connection of its own, beside the proxy. */
async function sql(statement: string): Promise<pg.QueryResult<Record<string, unknown>>> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return await client.query<Record<string, unknown>>(statement);
  } finally {
    await client.end();
  }
}

const TERMINATE = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`;

test("F12: every connection is cut, again and again, while clients ask: only answers under way are lost", async () => {
  const answers: Promise<Answer>[] = [];
  for (let cut = 0; cut < 10; cut += 1) {
    answers.push(gateway.ask(VMS), gateway.ask(VMS));
    if (cut % 2 === 0) await sql(TERMINATE);
    else proxy.drop();
    answers.push(gateway.ask(VMS));
    await Promise.all(answers);
    expect(await invariants.violations().catch(() => [])).toEqual([]);
  }
  // Every request had an answer, and none that failed pretended to be whole.
  for (const answer of await Promise.all(answers)) {
    if (!isGood(answer)) expect(answer.codes.length).toBeGreaterThan(0);
  }
  await expectRecovery();
});

test("F12: the database refuses connections: not ready, alive, told once; all is well when it is back", async () => {
  const told = () => gateway.log.filter((line) => line.includes("passes cannot use the database")).length;
  const before = told();
  proxy.mode = "refuse";
  proxy.drop();
  await expect.poll(() => gateway.isReady(), PATIENCE).toBe(false);
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  expect((await gateway.ask(VMS)).codes).not.toEqual([]);
  await expect.poll(told, PATIENCE).toBe(before + 1);
  proxy.mode = "pass";
  await expectRecovery();
  expect(told()).toBe(before + 1);
});

test("F13: a database that has become read-only is read on, and written again when it may be", async () => {
  const name = new URL(database.url).pathname.slice(1);
  const told = () => gateway.log.filter((line) => line.includes("passes cannot use the database")).length;
  const before = told();
  await sql(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  await sql(TERMINATE);
  // Told once an outage, by its first reason: the cut connection, or the refused write after it.
  await expect.poll(told, PATIENCE).toBe(before + 1);
  await expect.poll(async () => isGood(await gateway.ask(VMS)), PATIENCE).toBe(true);
  // Nothing is written, not even failures: that data grows old is seen by its age.
  await expect
    .poll(async () => JSON.stringify((await gateway.ask(VMS)).data), PATIENCE)
    .not.toContain('"stale":false');
  expect(JSON.stringify((await gateway.ask(VMS)).data)).toContain("REFRESH_OVERDUE");
  expect(await invariants.violations()).toEqual([]);
  await sql(`BEGIN READ WRITE; ALTER DATABASE ${name} RESET default_transaction_read_only; COMMIT`);
  await sql(TERMINATE);
  await expectRecovery();
});

test("F13: a connection to a server that was demoted and keeps its clients is not kept for ever", async () => {
  const name = new URL(database.url).pathname.slice(1);
  await sql(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  const own = await createDataSource(database.url, {
    poolSize: 1,
    connectionLifetimeSeconds: 1,
  }).initialize();
  await sql(`BEGIN READ WRITE; ALTER DATABASE ${name} RESET default_transaction_read_only; COMMIT`);
  const write = () =>
    own.query("UPDATE vm_static SET vm_name = vm_name WHERE false").then(() => "written", String);
  expect(await write()).toContain("read-only transaction");
  await expect.poll(write, PATIENCE).toBe("written");
  await own.destroy();
  await sql(TERMINATE);
  await expectRecovery();
});

test("F14: a database that takes everything and answers nothing: requests end, nothing is ready, all recovers", async () => {
  proxy.mode = "hang";
  const asked = gateway.ask(VMS);
  await expect.poll(() => gateway.isReady(), PATIENCE).toBe(false);
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  expect((await asked).codes).not.toEqual([]);
  proxy.mode = "pass";
  // What was swallowed never comes: those connections are of no use any more.
  proxy.strand();
  await expectRecovery();
});

test("F15: all connections wait for a lock: few requests wait, others are told to come back, health answers", async () => {
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query("BEGIN; LOCK TABLE vm_static IN ACCESS EXCLUSIVE MODE");
  const answers = Array.from({ length: 12 }, () => gateway.ask(VMS));
  const refused = await Promise.any(
    answers.map(async (each) => {
      const answer = await each;
      if (answer.status !== 503) throw new Error("not refused");
      return answer;
    }),
  );
  expect(refused).toMatchObject({ retryAfter: "1", codes: ["OVERLOADED"] });
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  await holder.query("ROLLBACK");
  await holder.end();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200).length).toBe(4);
  expect(statuses.filter((status) => status === 503).length).toBe(8);
  await expectRecovery();
});
