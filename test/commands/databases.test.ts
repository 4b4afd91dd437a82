import { afterAll, beforeAll, expect, test } from "vitest";
import { runHostsCommand } from "../../src/commands/hosts.js";
import { migrateDatabase } from "../../src/commands/migrate.js";
import { refreshOnce } from "../../src/commands/refresh.js";
import { type Config, loadConfig } from "../../src/config.js";
import { createLog } from "../../src/gateway/log.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.dataSource.query("DROP SCHEMA public CASCADE");
  await database.dataSource.query("CREATE SCHEMA public");
});
afterAll(() => database.drop());

const log = createLog("silent");
const print = () => undefined;
const COMMANDS: [string, (config: Config) => Promise<unknown>][] = [
  ["hosts list", (config) => runHostsCommand({ do: "list" }, config, print)],
  ["refresh", (config) => refreshOnce(config, log, new AbortController().signal)],
  ["migrate", (config) => migrateDatabase(config, print)],
];

function readConfig(url: string): Config {
  return loadConfig({ DATABASE_URL: url, VDSM_HOSTS: "127.0.0.1:1", VDSM_TLS: "off" });
}

test.each(COMMANDS)(
  "%s waits for no database: one line says what is wrong and what to do",
  async (_name, run) => {
    await expect(run(readConfig("postgres://vnic:hunter2@127.0.0.1:1/x"))).rejects.toThrow(
      /^the database of DATABASE_URL cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1; `vnic-graph doctor` says/,
    );
  },
);

const MIGRATING = COMMANDS.filter(([name]) => name !== "hosts list");

test("hosts list never changes a database: one that is not up to date is an error", async () => {
  const listing = runHostsCommand({ do: "list" }, readConfig(database.url), print);
  await expect(listing).rejects.toThrow(/^the database is not up to date .*run `vnic-graph migrate`$/);
  const [found] = await database.dataSource.query<[{ tables: number }]>(
    "SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public'",
  );
  expect(found.tables).toBe(0);
});

test.each(MIGRATING)("%s says that a database cannot be brought up to date", async (_name, run) => {
  const url = new URL(database.url);
  url.searchParams.set("options", "-c default_transaction_read_only=on");
  await expect(run(readConfig(url.href))).rejects.toThrow(
    /^the database cannot be brought up to date: .*read-only transaction; `vnic-graph doctor` says/,
  );
});

test.each(COMMANDS)("%s leaves an engine's database alone", async (_name, run) => {
  await expect(run(loadConfig({ DATABASE_URL: database.url, SOURCE: "engine" }))).rejects.toThrow(
    "SOURCE is engine, whose database is only read and which polls no hosts; set SOURCE to hosts, or leave it out",
  );
});

test("refresh names the settings of a file that cannot be used", async () => {
  const files = {
    VDSM_CA_FILE: "/nowhere/ca.pem",
    VDSM_CERT_FILE: "/nowhere/c.pem",
    VDSM_KEY_FILE: "/nowhere/c.key",
  };
  const config = loadConfig({ DATABASE_URL: database.url, VDSM_HOSTS: "127.0.0.1:1", ...files });
  await expect(refreshOnce(config, log, new AbortController().signal)).rejects.toThrow(
    /^VDSM_CA_FILE, VDSM_CERT_FILE, VDSM_KEY_FILE: CA certificate \/nowhere\/ca\.pem: no such file; correct the path/,
  );
});
