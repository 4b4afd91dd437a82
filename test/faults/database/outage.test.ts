import pg from "pg";
import { afterEach, describe, expect, inject, test } from "vitest";
import { loadConfig } from "../../../src/config.js";
import { startGateway } from "../../../src/gateway.js";
import { pino } from "pino";
import { createDatabase } from "../../support/databases/database.js";
import { withDatabase } from "../../support/databases/postgres-server.js";
import { createEngineDatabase } from "../../engine-store/engine-database.js";
import { until } from "../../store/until.js";
import { isReady } from "../support/gateway-process.js";
import { startDatabaseProxy, type Proxy } from "../support/proxy.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Readiness follows within two seconds; a busy machine may need longer. */
const READINESS_LIMIT_MS = 10_000;

const SOURCES = ["hosts", "engine"] as const;

interface Site {
  readonly url: string;
  /** The database as its owner reaches it. */
  readonly ownerUrl: string;
  readonly proxy: Proxy;
  readonly log: readonly string[];
}

/** A gateway that only reads unless the settings say otherwise, with a proxy before its database. */
async function start(
  source: (typeof SOURCES)[number],
  settings: Readonly<Record<string, string>> = {},
): Promise<Site> {
  const database = source === "engine" ? await createEngineDatabase() : await createDatabase();
  cleanups.push(() => database.drop());
  const proxy = await startDatabaseProxy(database.url);
  cleanups.push(() => proxy.stop());
  const log: string[] = [];
  const config = loadConfig({
    PORT: "0",
    DATABASE_URL: proxy.formatUrl(database.url),
    SOURCE: source,
    REFRESH_INTERVAL: "off",
    ...settings,
  });
  const gateway = await startGateway({
    config,
    log: pino({ base: null }, { write: (line: string) => void log.push(line) }),
    announce: () => undefined,
  });
  cleanups.push(() => gateway.stop());
  await until(() => isReady(gateway.url));
  const ownerUrl = withDatabase(inject("databaseAdminUrl"), new URL(database.url).pathname.slice(1));
  return { url: gateway.url, ownerUrl, proxy, log };
}

const REFUSES = "the database refuses to be read as clients ask; they get NOT_AVAILABLE";
const WITH_ADDRESS = '{ vms(first: 1, filter: { address: { eq: "192.0.2.1" } }) { nodes { id } } }';
const NICS = '{ vmNics(macAddress: "52:54:00:00:00:01") { id } }';

async function ask(url: string, query: string): Promise<number> {
  const headers = { "apollo-require-preflight": "1" };
  return (await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, { headers })).status;
}

/** Lists what the log says of the database. */
function listTold(log: readonly string[]): unknown[] {
  const lines = log.map((line) => JSON.parse(line) as { level: number; msg: string; reason?: string });
  return lines
    .filter(({ msg }) => msg.startsWith("the database "))
    .map(({ level, msg, reason }) => [level, msg, reason]);
}

describe.each(SOURCES)("SOURCE=%s while nothing can be read of VMs", (source) => {
  test.each([
    {
      change: "LOCK TABLE vm_interface",
      condition: "the database is locked by somebody else",
      reason: "canceling statement due to lock timeout",
    },
    {
      change: "ALTER TABLE vm_interface RENAME TO hidden",
      condition: "the database lacks or hides something that the gateway needs",
      reason: 'relation "vm_interface" does not exist',
    },
  ])(
    "readiness says so, and the log once with PostgreSQL's message: $change",
    async ({ change, condition, reason }) => {
      const { url, ownerUrl, log } = await start(source);
      const holder = new pg.Client({ connectionString: ownerUrl });
      holder.on("error", () => undefined);
      await holder.connect();
      await holder.query("BEGIN");
      await holder.query(change);
      if (change.startsWith("ALTER")) await holder.query("COMMIT");
      await until(async () => !(await isReady(url)));
      expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({
        ready: false,
        reasons: [condition],
      });
      for (let n = 0; n < 2; n += 1) expect(await ask(url, NICS)).toBe(503);
      if (change.startsWith("ALTER")) await holder.query("ALTER TABLE hidden RENAME TO vm_interface");
      await holder.end();
      await until(() => isReady(url));
      expect(await ask(url, NICS)).toBe(200);
      expect(listTold(log)).toEqual([[50, REFUSES, reason]]);
    },
  );
});

test("a gateway that polls says by PostgreSQL's message what clients are refused for, as no pass meets it", async () => {
  const { url, ownerUrl, log } = await start("hosts", { VDSM_TLS: "off", REFRESH_INTERVAL: "5s" });
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query("ALTER TABLE vnic_graph_address RENAME COLUMN vm_id TO hidden");
  await owner.end();
  for (let n = 0; n < 2; n += 1) expect(await ask(url, WITH_ADDRESS)).toBe(503);
  expect(listTold(log)).toEqual([[50, REFUSES, expect.stringMatching(/^column \S+ does not exist$/)]]);
});

describe.each(SOURCES)("SOURCE=%s while the database is away", (source) => {
  test("graph and REST say NOT_AVAILABLE with 503, readiness follows within ten seconds, the log has a line each way", async () => {
    const { url, proxy, log } = await start(source);
    proxy.mode = "refuse";
    proxy.drop();
    await until(async () => !(await isReady(url)), READINESS_LIMIT_MS);
    const graph = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ hosts { name } vms(first: 1) { nodes { name } } }" }),
    });
    const answer = (await graph.json()) as { errors: { message: string; extensions: { code: string } }[] };
    expect(answer.errors.map(({ extensions }) => extensions.code)).toContain("NOT_AVAILABLE");
    expect(answer.errors.map(({ extensions }) => extensions.code)).not.toContain("INTERNAL_SERVER_ERROR");
    expect(JSON.stringify(answer)).not.toMatch(/ECONN|127\.0\.0\.1/);
    expect(graph.status).toBe(503);
    expect(graph.headers.get("retry-after")).toBe("5");
    const rest = await fetch(`${url}/ovirt-engine/api/vms?max=1`, {
      headers: { accept: "application/json" },
    });
    expect(rest.status).toBe(503);
    expect(rest.headers.get("retry-after")).toBe("5");
    const exported = await fetch(`${url}/export/csv`);
    expect([exported.status, exported.headers.get("retry-after"), await exported.json()]).toEqual([
      503,
      "5",
      {
        errors: [{ message: expect.stringContaining("The database"), extensions: { code: "NOT_AVAILABLE" } }],
      },
    ]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    proxy.mode = "pass";
    await until(() => isReady(url), READINESS_LIMIT_MS);
    await until(() => log.some((line) => line.includes("the database is available again")));
    const told = log.map((line) => JSON.parse(line) as { level: number; msg: string; err?: unknown });
    expect(told.filter(({ msg }) => msg.startsWith("the database is not available"))).toHaveLength(1);
    expect(told.filter(({ msg }) => msg === "the database is available again")).toHaveLength(1);
    expect(told.filter(({ err }) => err !== undefined)).toEqual([]);
  });
});
