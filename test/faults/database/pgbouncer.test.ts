import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { runDoctor } from "../../../src/commands/doctor.js";
import { loadConfig } from "../../../src/config.js";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import {
  formatDatabaseError,
  StatementTimeoutError,
  toDatabaseError,
} from "../../../src/store/postgres/errors.js";
import { migrate } from "../../../src/store/postgres/migrate.js";
import { runInTransaction, queryRows } from "../../../src/store/postgres/sql.js";
import { createEngineDataSource } from "../../../src/engine-store/engine-data-source.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { findPgBouncer, startPgBouncer, type PgBouncer } from "../../support/databases/pgbouncer.js";
import { until } from "../../store/until.js";
import { startTestGateway } from "../support/gateway.js";
import { startGenerations } from "../support/generations.js";

const program = findPgBouncer();
if (program === undefined) console.warn("PgBouncer is not installed here: its tests are skipped");

/**
 * PgBouncer as it comes, and with the setting that many guides recommend, after which it takes parameters and forgets
 * them.
 */
const POOLERS: Readonly<Record<string, Record<string, string | number>>> = {
  "transaction mode": { pool_mode: "transaction", default_pool_size: 3 },
  "transaction mode that ignores startup parameters": {
    pool_mode: "transaction",
    default_pool_size: 3,
    ignore_startup_parameters: [
      ...["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "extra_float_digits"],
      ...["default_transaction_isolation", "default_transaction_deferrable", "array_nulls", "jit", "options"],
      "default_transaction_read_only",
    ].join(","),
  },
  "session mode": { pool_mode: "session", default_pool_size: 20 },
};

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(
  settings: Record<string, string | number>,
  options: { template?: null } = {},
): Promise<{ database: TestDatabase; pooler: PgBouncer; url: string }> {
  const database = await createDatabase(options);
  cleanups.push(() => database.drop());
  const pooler = await startPgBouncer(program ?? "", database.url, settings);
  cleanups.push(() => pooler.stop());
  return { database, pooler, url: pooler.formatUrl(database.url) };
}

async function connect(url: string, options: Parameters<typeof createDataSource>[1] = {}) {
  const dataSource = await createDataSource(url, options).initialize();
  cleanups.push(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
  });
  return dataSource;
}

describe.runIf(program !== undefined).each(Object.entries(POOLERS))(
  "behind PgBouncer in %s",
  (_mode, settings) => {
    test("a search_path of several schemas in the URL holds, and one that hides PostgreSQL's functions is mended", async () => {
      const database = await createDatabase();
      cleanups.push(() => database.drop());
      const own = await connect(database.url);
      await own.query("CREATE SCHEMA hiding");
      await own.query(
        "CREATE FUNCTION hiding.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'hidden' $$",
      );
      await own.query(
        `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET search_path = hiding, public, pg_catalog`,
      );
      const pooler = await startPgBouncer(program ?? "", database.url, settings);
      cleanups.push(() => pooler.stop());
      const url = pooler.formatUrl(database.url);
      const ask = async (through: string) =>
        (await connect(through)).query("SELECT lower('A') AS text, current_schemas(false)::text AS path");
      expect(await ask(url)).toEqual([{ text: "a", path: "{hiding,public}" }]);
      const given = new URL(url);
      given.searchParams.set("options", "-c search_path=public,hiding");
      expect(await ask(given.href)).toEqual([{ text: "a", path: "{public,hiding}" }]);
    });

    test("a gateway starts, polls, answers, and is ready", async () => {
      const { url } = await start(settings, { template: null });
      const fleet = await startGenerations({ hosts: 2, vmsPerHost: 5, changesAtEveryPoll: true });
      cleanups.push(() => fleet.stop());
      const gateway = await startTestGateway(url, fleet.vdsmHosts);
      cleanups.push(() => gateway.stop());
      await until(() => gateway.isReady());
      const answer = await gateway.ask(
        "{ hosts { lastSuccessAt } vms(first: 5) { nodes { guestInfo { ips stale } } } }",
      );
      expect(answer).toMatchObject({ status: 200, codes: [] });
      expect(JSON.stringify(answer.data)).toMatch(/"lastSuccessAt":"20\d\d-.*"stale":false/);
      expect(gateway.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    });

    test("a statement is ended in PostgreSQL at its limit", async () => {
      const { url, database } = await start(settings);
      const dataSource = await connect(url, { statementTimeoutMs: 300 });
      await expect(queryRows(dataSource, "SELECT pg_sleep(20)")).rejects.toThrow(StatementTimeoutError);
      await expect(
        runInTransaction(dataSource, (queryRunner) => queryRows(queryRunner, "SELECT pg_sleep(20)")),
      ).rejects.toThrow(StatementTimeoutError);
      const left = await database.dataSource.query<unknown[]>(
        "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND state = 'active' AND pid <> pg_backend_pid()",
      );
      expect(left).toEqual([]);
    });

    test("nothing that was set is left for the pooler's other clients", async () => {
      const { url } = await start({ ...settings, default_pool_size: 1 });
      const dataSource = await connect(url, { poolSize: 1, statementTimeoutMs: 12_345 });
      expect(await queryRows(dataSource, "SELECT current_setting('statement_timeout') AS it")).toEqual([
        { it: "12345ms" },
      ]);
      await dataSource.destroy();
      const other = new pg.Client({ connectionString: url });
      await other.connect();
      const { rows } = await other.query("SHOW statement_timeout");
      await other.end();
      expect(rows).toEqual([{ statement_timeout: "0" }]);
    });

    test("migrations of three gateways run once, and no lock is left", async () => {
      const { url, database } = await start(settings, { template: null });
      const dataSources = await Promise.all([1, 2, 3].map(() => connect(url, { poolSize: 1 })));
      const applied = await Promise.all(dataSources.map((each) => migrate(each)));
      expect(applied.filter((names) => names.length > 0).length).toBe(1);
      const locks = await database.dataSource.query<unknown[]>(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
      );
      expect(locks).toEqual([]);
      expect(await migrate(await connect(database.url, { poolSize: 1 }))).toEqual([]);
    });

    test("an engine's database cannot be written", async () => {
      const { url } = await start(settings);
      const dataSource = await createEngineDataSource(url).initialize();
      cleanups.push(() => dataSource.destroy());
      for (const statement of ["DELETE FROM vm_static", "CREATE TABLE t ()"]) {
        await expect(dataSource.query(statement)).rejects.toThrow(/read-only transaction/);
        await expect(
          runInTransaction(dataSource, (queryRunner) => queryRunner.query(statement)),
        ).rejects.toThrow(/written/);
      }
    });
  },
);

test.runIf(program !== undefined)(
  "PgBouncer in statement mode is refused with what has to be set",
  async () => {
    const { url } = await start({ pool_mode: "statement", default_pool_size: 3 });
    const refused: unknown = await connect(url).catch((error: unknown) => error);
    expect(toDatabaseError(refused)).toMatchObject({
      name: "DatabaseUnavailableError",
      message: "The database is behind a pooler that allows no transactions. Ask again in a few seconds.",
    });
    expect(formatDatabaseError(refused)).toMatch(/set PgBouncer's pool_mode to transaction or session/);
  },
);

test.runIf(program !== undefined).each(["disable", "prefer"])(
  "where PgBouncer takes few clients, a gateway is ready and answers by those connections: sslmode=%s",
  async (sslmode) => {
    const { url } = await start({ max_client_conn: 5 }, { template: null });
    const given = new URL(url);
    given.searchParams.set("sslmode", sslmode);
    const fleet = await startGenerations({ hosts: 2, vmsPerHost: 5, changesAtEveryPoll: true });
    cleanups.push(() => fleet.stop());
    const gateway = await startTestGateway(given.href, fleet.vdsmHosts);
    cleanups.push(() => gateway.stop());
    await until(() => gateway.isReady());
    const ask = (name: string) =>
      gateway.ask(
        `{ vms(first: 50, filter: { nameContains: "${name}" }) { nodes { host { vms { name } } } } }`,
      );
    const answers = await Promise.all(Array.from({ length: 30 }, (_, at) => ask(String(at))));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 200));
    expect(await gateway.isReady()).toBe(true);
    expect(gateway.log.filter((line) => line.includes('"level":50'))).toEqual([]);
    expect(gateway.log.join("")).toContain("the database takes fewer connections than DATABASE_POOL_SIZE");
  },
);

test.runIf(program !== undefined)("the doctor names what PgBouncer refuses", async () => {
  const diagnose = async (url: string) => {
    const lines: string[] = [];
    const config = () => loadConfig({ DATABASE_URL: url, VDSM_TLS: "off" });
    await runDoctor(config, (line) => lines.push(line), new AbortController().signal);
    return lines.join("\n");
  };
  const full = await start({ max_client_conn: 1 });
  const holder = new pg.Client({ connectionString: full.url });
  await holder.connect();
  const refusal = await diagnose(full.url);
  await holder.end();
  expect(refusal).toMatch(/^ +-> raise PgBouncer's max_client_conn, or lower DATABASE_POOL_SIZE$/m);
  const strict = await start({ disable_pqexec: 1 });
  expect(await diagnose(strict.url)).toMatch(/^ +-> switch PgBouncer's disable_pqexec off/m);
});
