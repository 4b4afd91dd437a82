import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig, type Config } from "../../src/config.js";
import { openHostPool } from "../../src/gateway/hosts/host-pool.js";
import { createLog } from "../../src/gateway/log.js";
import { startPolling } from "../../src/gateway/hosts/polling.js";
import { checkReadiness } from "../../src/gateway/serving/readiness.js";
import { openReplicas } from "../../src/gateway/hosts/replicas.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { createStore, type Store } from "../../src/store/store.js";
import { eventually } from "../support/eventually.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** Starts polling with these settings, on a silent log. */
async function startWith(config: Config, store: Store) {
  const log = createLog("silent");
  return startPolling({
    config,
    log,
    pool: await openHostPool(config),
    store,
    replicas: await openReplicas(config, log),
    metrics: { onPass: () => undefined },
  });
}

test("hosts are registered once, and before anything can be ready", async () => {
  const config = loadConfig({
    DATABASE_URL: database.url,
    VDSM_HOSTS: "127.0.0.1:1,127.0.0.1:2",
    VDSM_TLS: "off",
    REFRESH_INTERVAL: "off",
  });
  const { store } = database;
  expect(await checkReadiness({ health: store, polling: null })).toMatchObject({ ready: true });
  database.statements();
  const polling = await startWith(config, store);
  expect(await store.listHosts()).toHaveLength(2);
  expect(await checkReadiness({ health: store, polling: null })).toMatchObject({ ready: false });
  await polling?.stop();
  const registrations = database.statements().filter((sql) => sql.includes("INSERT INTO vds_static"));
  expect(registrations).toHaveLength(1);
});

test("a gateway that cannot store the hosts of its settings is not ready until it can, and says so", async () => {
  const empty = await createDatabase();
  const readOnly = new URL(empty.url);
  readOnly.searchParams.set("options", "-c default_transaction_read_only=on");
  const dataSource = await createDataSource(readOnly.href, { poolSize: 3 }).initialize();
  const config = loadConfig({ DATABASE_URL: empty.url, VDSM_HOSTS: "127.0.0.1:1", VDSM_TLS: "off" });
  const refused = await startWith(config, createStore(dataSource));
  expect(await checkReadiness({ health: empty.store, polling: refused })).toEqual({
    ready: false,
    reasons: ["the hosts of the settings are not stored yet"],
  });
  await refused?.stop();
  const polling = await startWith(config, empty.store);
  await eventually(async () => {
    expect(await checkReadiness({ health: empty.store, polling })).toMatchObject({ ready: true });
  });
  await polling?.stop();
  await dataSource.destroy();
  await empty.drop();
});

test("a gateway whose tables somebody has locked is not ready, and says why", async () => {
  const locked = await createDatabase({ lockTimeoutMs: 50 });
  const holder = await createDataSource(locked.url, { poolSize: 1 }).initialize();
  const runner = holder.createQueryRunner();
  await runner.startTransaction();
  await runner.query("LOCK TABLE vnic_graph_host IN ACCESS EXCLUSIVE MODE");
  expect(await checkReadiness({ health: locked.store, polling: null })).toEqual({
    ready: false,
    reasons: ["the database is locked by somebody else"],
  });
  await runner.rollbackTransaction();
  expect(await checkReadiness({ health: locked.store, polling: null })).toMatchObject({ ready: true });
  await runner.release();
  await holder.destroy();
  await locked.drop();
});
