import { once } from "node:events";
import { connect as connectTo, createServer, type AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import { migrate, UnusableSchemaError } from "../../../src/store/postgres/migrate.js";
import { withDatabase } from "../../support/databases/postgres-server.js";
import { asAdmin, createDatabase } from "../../support/databases/database.js";
import { inject } from "vitest";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connect(url: string) {
  const dataSource = await createDataSource(url, { poolSize: 2 }).initialize();
  cleanups.push(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
  });
  return dataSource;
}

test.each(["German", "SQL, DMY", "Postgres", "ISO, DMY"])(
  "times are read as they are where the database's DateStyle is %s",
  async (style) => {
    const database = await createDatabase();
    cleanups.push(() => database.drop());
    const name = new URL(database.url).pathname.slice(1);
    await asAdmin(`ALTER DATABASE ${name} SET datestyle = '${style}'`);
    await asAdmin(`ALTER DATABASE ${name} SET timezone = 'Asia/Kathmandu'`);
    const dataSource = await connect(database.url);
    const [row] = await dataSource.query<{ at: Date }[]>(
      "SELECT '2026-03-04 05:06:07.089+00'::timestamptz AS at",
    );
    expect(row!.at.toISOString()).toBe("2026-03-04T05:06:07.089Z");
  },
);

test("isolation, timeouts and JIT of role and database do not count", async () => {
  const database = await createDatabase();
  cleanups.push(() => database.drop());
  const name = new URL(database.url).pathname.slice(1);
  for (const setting of [
    "default_transaction_isolation = 'serializable'",
    "statement_timeout = 1",
    "lock_timeout = 1",
    "idle_session_timeout = 1",
    "jit = on",
    "array_nulls = off",
    "standard_conforming_strings = off",
  ])
    await asAdmin(`ALTER DATABASE ${name} SET ${setting}`);
  const dataSource = await connect(database.url);
  const [row] = await dataSource.query<object[]>(
    `SELECT current_setting('transaction_isolation') AS isolation, current_setting('statement_timeout') AS statement,
       current_setting('lock_timeout') AS lock, current_setting('idle_session_timeout') AS idle, current_setting('jit') AS jit, current_setting('parallel_setup_cost') AS parallel, '{NULL}'::text[] AS nulls, '\\n' AS text`,
  );
  expect(row).toEqual({
    isolation: "read committed",
    statement: "30s",
    lock: "0",
    idle: "0",
    jit: "off",
    parallel: "10000",
    nulls: [null],
    text: "\\n",
  });
});

test.each([
  "hiding, public, pg_catalog",
  "pg_catalog, public",
  '"hi, ding", public, pg_catalog',
  "pg_temp, public",
  '"$user", pg_temp, public',
  "PG_TEMP, public",
  "missing, pg_temp, public",
  "public, pg_temp, pg_catalog",
])(
  "nothing hides PostgreSQL's own functions and tables, and tables can be made, where search_path is %s",
  async (path) => {
    const database = await createDatabase({ template: null });
    cleanups.push(() => database.drop());
    const before = await connect(database.url);
    for (const schema of ["hiding", '"hi, ding"']) {
      await before.query(`CREATE SCHEMA ${schema}`);
      await before.query(`CREATE TABLE ${schema}.pg_class (oid int)`);
      await before.query(
        `CREATE FUNCTION ${schema}.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'hidden' $$`,
      );
    }
    await asAdmin(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET search_path = ${path}`);
    const dataSource = await connect(database.url);
    expect((await migrate(dataSource)).length).toBeGreaterThan(0);
    expect(await dataSource.query("SELECT lower('A') AS text")).toEqual([{ text: "a" }]);
    expect(await before.query("SELECT FROM pg_tables WHERE tablename = 'vm_static'")).toHaveLength(1);
  },
);

test("a transaction's own time limit, which PostgreSQL 17 and later have, does not count", async () => {
  const database = await createDatabase();
  cleanups.push(() => database.drop());
  const readLimit = async (url: string) =>
    (
      await (
        await connect(url)
      ).query<{ limit: string | null }[]>("SELECT current_setting('transaction_timeout', true) AS limit")
    )[0]!.limit;
  if ((await readLimit(database.url)) === null) return;
  await asAdmin(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET transaction_timeout = '3s'`);
  expect(await readLimit(database.url)).toBe("0");
});

test("a default tablespace that is the database's own does not count", async () => {
  const database = await createDatabase({ template: null });
  cleanups.push(() => database.drop());
  const name = new URL(database.url).pathname.slice(1);
  await asAdmin(`ALTER DATABASE ${name} SET default_tablespace = 'pg_default'`);
  const dataSource = await connect(database.url);
  expect((await migrate(dataSource)).length).toBeGreaterThan(0);
  const [row] = await dataSource.query<{ place: string }[]>(
    "SELECT current_setting('default_tablespace') AS place",
  );
  expect(row).toEqual({ place: "pg_default" });
});

test("a database that is not UTF8 is refused, and nothing is changed", async () => {
  const name = `vnic_graph_test_latin1_${process.pid}`;
  await asAdmin(
    `CREATE DATABASE ${name} ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc`,
  );
  cleanups.push(() => asAdmin(`DROP DATABASE ${name} WITH (FORCE)`));
  const dataSource = await connect(withDatabase(inject("databaseAdminUrl"), name));
  const refusal = await migrate(dataSource).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(UnusableSchemaError);
  expect((refusal as Error).message).toMatch(/its encoding is LATIN1.*ENCODING 'UTF8' TEMPLATE template0/);
  expect(await dataSource.query("SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual(
    [],
  );
});

test("a migration that waits for a lock says so once, and stops at a signal", async () => {
  const database = await createDatabase({ template: null });
  cleanups.push(() => database.drop());
  const holder = database.dataSource.createQueryRunner();
  await holder.query("SELECT pg_advisory_lock($1)", [0x766e6963]);
  const dataSource = await connect(database.url);
  const reasons: string[] = [];
  const stop = new AbortController();
  const migrated = migrate(dataSource, {
    signal: stop.signal,
    onWait: (reason) => {
      reasons.push(reason);
      setTimeout(() => {
        stop.abort();
      }, 300);
    },
  });
  await expect(migrated).rejects.toThrow(/abort/i);
  expect(reasons).toEqual(["another process brings the database up to date"]);
  await holder.query("SELECT pg_advisory_unlock($1)", [0x766e6963]);
  await holder.release();
});

test("a server that is too old for a setting, and says so in its own language, is used without it", async () => {
  const database = await createDatabase();
  cleanups.push(() => database.drop());
  const { hostname, port } = new URL(database.url);
  const older = await listenBefore(Number(port), hostname, (startup) =>
    startup.includes("\0jit\0") ? "unbekannter Konfigurationsparameter »jit«" : null,
  );
  const url = new URL(database.url);
  url.host = `127.0.0.1:${older}`;
  const dataSource = await connect(url.href);
  expect(await dataSource.query("SELECT current_setting('lock_timeout') AS lock")).toEqual([{ lock: "0" }]);
});

/** Listens before a server, and refuses connections by their startup message, as PostgreSQL does where it knows no such setting. */
async function listenBefore(
  port: number,
  host: string,
  refuse: (startup: string) => string | null,
): Promise<number> {
  const server = createServer((client) => {
    client.on("error", () => undefined);
    client.once("data", (startup) => {
      const words = refuse(startup.toString("latin1"));
      if (words === null) {
        const target = connectTo(port, host).on("error", () => client.destroy());
        target.write(startup);
        client.pipe(target).pipe(client);
        return;
      }
      const fields = Buffer.from(`SFATAL\0VFATAL\0C42704\0M${words}\0\0`);
      const length = Buffer.alloc(4);
      length.writeInt32BE(fields.length + 4);
      client.end(Buffer.concat([Buffer.from("E"), length, fields]));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => Promise.resolve(server.close()));
  return (server.address() as AddressInfo).port;
}
