import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startEmbeddedPostgres } from "../../src/embedded-postgres/embedded-postgres.js";
import { migrateAt } from "../../src/gateway/database/database.js";
import { createAuthority } from "../../src/simulator/wire/certificates.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { runSql } from "../support/databases/postgres-server.js";
import { eventually } from "../support/eventually.js";
import { writeLoadHook } from "../support/processes/load-hook.js";
import { runVnicGraph } from "../support/processes/process.js";

/** Sends this process a signal when Node is about to load a module that AT_MODULE matches. */
const HOOK = `if (new RegExp(process.env.AT_MODULE).test(url)) process.kill(process.pid, process.env.SIGNAL ?? "SIGTERM");`;

/** A library, or in the built program a part that holds libraries. */
const LIBRARY = "/node_modules/commander/|/dist/src/parts/";

let folder: string;
let hooked: readonly string[];
let database: TestDatabase;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vnic-graph-signal-"));
  database = await createDatabase();
  hooked = writeLoadHook(folder, HOOK);
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ["the first of its own modules", "src/main.ts", "/src/commands/program/create-program"],
  ["a library", "src/main.ts", "/node_modules/commander/"],
  ["the program, from the package's command", "bin/vnic-graph.mjs", "/src/main\\."],
  ["a library, from the package's command", "bin/vnic-graph.mjs", LIBRARY],
])("SIGTERM while Node loads %s ends the start with 0", async (_, program, module) => {
  const run = runVnicGraph(
    ["start"],
    { PORT: "0", DATABASE_URL: database.url, DATA_DIR: folder, AT_MODULE: module },
    [...hooked, program],
  );
  expect(await run.ended, run.output()).toBe(0);
  // Node 22 and later deliver the signal when all is loaded: then the start has begun to log, and only stops.
  const messages = run
    .output()
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect([[], ["stopping", "stopped"]]).toContainEqual(messages);
});

test("SIGTERM while Node loads a command ends it with 143, unless it has been done by then", async () => {
  const run = runVnicGraph(
    ["migrate"],
    { DATABASE_URL: database.url, DATA_DIR: folder, AT_MODULE: "/node_modules/commander/" },
    [...hooked, "src/main.ts"],
  );
  expect([
    [143, ""],
    [0, "The database is up to date.\n"],
  ]).toContainEqual([await run.ended, run.output()]);
});

test.each([
  ["a library", "src/main.ts", "/node_modules/commander/"],
  ["the program, from the package's command", "bin/vnic-graph.mjs", "/src/main."],
])("SIGHUP while Node loads %s does not end the start", async (_, program, module) => {
  const run = runVnicGraph(
    ["start"],
    { PORT: "0", DATABASE_URL: database.url, DATA_DIR: folder, AT_MODULE: module, SIGNAL: "SIGHUP" },
    [...hooked, program],
  );
  await run.says(/GraphQL: /);
  run.child.kill("SIGTERM");
  expect(await run.ended, run.output()).toBe(0);
});

test("SIGHUP before the gateway is ready has it read its files again as soon as it is", async () => {
  const { cert, key } = await (await createAuthority()).issueHost("localhost");
  const files = { TLS_CERT_FILE: join(folder, "cert"), TLS_KEY_FILE: join(folder, "key") };
  await Promise.all([writeFile(files.TLS_CERT_FILE, cert), writeFile(files.TLS_KEY_FILE, key)]);
  const run = runVnicGraph(
    ["start"],
    {
      ...{ PORT: "0", DATABASE_URL: database.url, DATA_DIR: folder, ...files },
      ...{ AT_MODULE: "/src/gateway.ts", SIGNAL: "SIGHUP" },
    },
    [...hooked, "src/main.ts"],
  );
  await run.says(/certificate reloaded/);
  run.child.kill("SIGTERM");
  expect(await run.ended, run.output()).toBe(0);
});

test.each([
  ["migrations", false],
  ["the first writes", true],
])(
  "SIGTERM ends a start with 0 while the commit of %s waits for a standby that is away",
  async (_, isMigrated) => {
    const own = await startEmbeddedPostgres({ dataDir: folder, log: () => undefined });
    try {
      if (isMigrated) await migrateAt(own.url);
      await runSql(own.url, "ALTER SYSTEM SET synchronous_standby_names = 'away'");
      await runSql(own.url, "SELECT pg_reload_conf()");
      const run = runVnicGraph(["start"], {
        PORT: "0",
        DATABASE_URL: own.url,
        VDSM_HOSTS: "127.0.0.1:1",
        VDSM_TLS: "off",
      });
      await eventually(async () => {
        const waits = await runSql(own.url, "SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        expect(waits).not.toEqual([]);
      });
      run.child.kill("SIGTERM");
      expect(await run.ended, run.output()).toBe(0);
      expect(run.output()).toContain('"msg":"stopped"');
    } finally {
      await own.stop();
    }
  },
);
