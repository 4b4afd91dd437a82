import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { DataSource } from "typeorm";
import { afterEach, describe, expect, test } from "vitest";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import { UnusableSchemaError, migrate } from "../../../src/store/postgres/migrate.js";
import { StatementLog } from "../../support/databases/statement-log.js";
import { until } from "../until.js";
import type { TestDatabase } from "../../support/databases/database.js";
import { createDatabase } from "../../support/databases/database.js";

const INITIAL = "InitialTables1795500000000";

describe("migrations", () => {
  let database: TestDatabase | undefined;

  afterEach(async () => {
    await database?.drop();
    database = undefined;
  });

  async function emptyDatabase(): Promise<TestDatabase> {
    return (database = await createDatabase({ template: null }));
  }

  test("run once and say which", async () => {
    const { dataSource } = await emptyDatabase();
    expect((await migrate(dataSource))[0]).toBe(INITIAL);
    expect(await migrate(dataSource)).toEqual([]);
  });

  test("go up, down and up to the same schema", async () => {
    const { dataSource } = await emptyDatabase();
    await migrate(dataSource);
    const first = await readSchema(dataSource);
    expect(first.length).toBeGreaterThan(60);
    for (let left = dataSource.migrations.length; left > 0; left--) await dataSource.undoLastMigration();
    expect(await readSchema(dataSource)).toEqual(await readEmptySchema());
    await migrate(dataSource);
    expect(await readSchema(dataSource)).toEqual(first);
  });

  test("migrations and entities agree: TypeORM finds nothing to change", async () => {
    database = await createDatabase();
    const { upQueries } = await database.dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  test("migrations and the entity of the table without a key agree, which TypeORM does not compare", async () => {
    const { dataSource } = (database = await createDatabase());
    const stored: unknown = await dataSource.query(
      `SELECT column_name AS name, data_type AS type, character_maximum_length AS length, is_nullable = 'YES' AS nullable
       FROM information_schema.columns WHERE table_name = 'vm_guest_agent_interfaces' ORDER BY ordinal_position`,
    );
    const declared = dataSource.getMetadata("vm_guest_agent_interfaces").columns.map((column) => ({
      name: column.databaseName,
      type: dataSource.driver.normalizeType(column),
      length: column.length === "" ? null : Number(column.length),
      nullable: column.isNullable,
    }));
    expect(declared).toEqual(stored);
    const keys: unknown = await dataSource.query(
      `SELECT contype FROM pg_constraint WHERE conrelid = 'vm_guest_agent_interfaces'::regclass AND contype IN ('p', 'u')`,
    );
    expect(keys).toEqual([]);
  });

  test("migrations that two processes start at once run once", async () => {
    const { url, dataSource } = await emptyDatabase();
    const outputs = await Promise.all([migrateInAnotherProcess(url), migrateInAnotherProcess(url)]);
    expect(outputs.flatMap((output) => output.filter((name) => name === INITIAL))).toEqual([INITIAL]);
    expect(await dataSource.query("SELECT count(*)::int AS count FROM vnic_graph_migrations")).toEqual([
      { count: dataSource.migrations.length },
    ]);
  });

  test("refuse a database with an engine's tables, and change nothing", async () => {
    const { dataSource } = await emptyDatabase();
    await dataSource.query("CREATE TABLE vm_static (vm_guid uuid PRIMARY KEY)");
    const before = await readSchema(dataSource);
    const refusal = await migrate(dataSource).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UnusableSchemaError);
    expect((refusal as Error).message).toMatch(/did not make \(vm_static\).*DATABASE_URL/);
    expect((refusal as Error).message).not.toContain("\n");
    expect(await readSchema(dataSource)).toEqual(before);
  });

  test("refuse a database of a newer version", async () => {
    const { dataSource } = (database = await createDatabase());
    await dataSource.query(
      "INSERT INTO vnic_graph_migrations (timestamp, name) VALUES (1999999999999, 'MoreTables1999999999999')",
    );
    await expect(migrate(dataSource)).rejects.toThrow(
      /made by a newer vnic-graph \(MoreTables1999999999999\)/,
    );
  });

  test("wait for the other process longer than a statement may take", async () => {
    const { url, dataSource } = await emptyDatabase();
    const holder = dataSource.createQueryRunner();
    await holder.query("SELECT pg_advisory_lock($1)", [0x766e6963]);
    const log = new StatementLog();
    const hasty = await createDataSource(url, { statementTimeoutMs: 100, logger: log }).initialize();
    const migrated = migrate(hasty);
    const asked: string[] = [];
    await until(() => {
      asked.push(...log.take().filter((statement) => statement.includes("advisory")));
      return asked.length > 2;
    });
    await holder.query("SELECT pg_advisory_unlock($1)", [0x766e6963]);
    await holder.release();
    expect((await migrated).length).toBe(hasty.migrations.length);
    await hasty.destroy();
  });

  test("begin again after a deadlock, which passes of running gateways may cause", async () => {
    const { dataSource } = await emptyDatabase();
    // A sequence counts what a rollback undoes.
    await dataSource.query(`CREATE SEQUENCE tries;
      CREATE FUNCTION refuse_once() RETURNS event_trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('tries') = 5 THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END IF;
      END $$;
      CREATE EVENT TRIGGER refuse_once ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION refuse_once()`);
    const told: string[] = [];
    const names = await migrate(dataSource, { onWait: (reason) => told.push(reason) });
    expect(names).toHaveLength(dataSource.migrations.length);
    expect(told).toEqual(["somebody else has locked a table"]);
  });

  test("migrations that were compiled once and have no source any more are removed by the next build", () => {
    const root = mkdtempSync(join(tmpdir(), "vnic-graph-migrations-"));
    for (const folder of ["migrations/1795", "dist/migrations/1795"])
      mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, "migrations/1795/1795500000000-kept.ts"), "");
    for (const name of ["1795/1795500000000-kept", "1795500000000-kept", "1795/1795600000000-gone"]) {
      for (const ending of ["js", "js.map"])
        writeFileSync(join(root, `dist/migrations/${name}.${ending}`), "");
    }
    execFileSync(process.execPath, [resolve("scripts/prune-migrations.mjs")], { cwd: root });
    expect(readdirSync(join(root, "dist/migrations"), { recursive: true }).sort()).toEqual([
      "1795",
      "1795/1795500000000-kept.js",
      "1795/1795500000000-kept.js.map",
    ]);
    rmSync(root, { recursive: true });
  });

  test("are known to TypeORM's own command line", async () => {
    const { url } = (database = await createDatabase());
    const cli = spawn(
      process.execPath,
      ["--import", "tsx", "node_modules/typeorm/cli.js", "migration:show", "-d", "ormconfig.ts"],
      { env: { ...process.env, DATABASE_URL: url }, stdio: ["ignore", "pipe", "pipe"] },
    );
    const output = readText(cli.stdout, cli.stderr);
    await once(cli, "close");
    expect(await output).toMatch(/\[X\] \d+ InitialTables1795500000000/);
  });
});

/** Everything that pg_catalog tells of tables, columns, constraints and indexes, as lines. */
async function readSchema(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ line: string }[]>(
    `SELECT format('column %s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
              pg_get_expr(d.adbin, d.adrelid)) AS line
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
     UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
     FROM pg_constraint WHERE connamespace = 'public'::regnamespace
     UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
     UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
     UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     UNION ALL SELECT format('options %s %s', relname, reloptions) FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
  );
  return rows.map((row) => row.line).sort();
}

/** What TypeORM leaves when no migration is left: its own list. */
async function readEmptySchema(): Promise<string[]> {
  const database = await createDatabase();
  const { dataSource } = database;
  const tables = dataSource.entityMetadatas.map(({ tableName }) => tableName);
  // The change log, the index of addresses and the notes of edits have no entities.
  const others = [
    "vnic_graph_change",
    "vnic_graph_change_log",
    "vnic_graph_address_span",
    "vnic_graph_address_index",
    "vnic_graph_shared_address",
    "vnic_graph_edit",
  ];
  for (const table of [...tables, ...others]) await dataSource.query(`DROP TABLE ${table} CASCADE`);
  await dataSource.query(
    "DROP FUNCTION vnic_graph_note_edit(), vnic_graph_find_vm(), vnic_graph_trigrams(text)",
  );
  const schema = await readSchema(dataSource);
  await database.drop();
  return schema;
}

async function migrateInAnotherProcess(url: string): Promise<string[]> {
  const child = spawn(process.execPath, ["--import", "tsx", "test/store/postgres/migrate-child.ts", url], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = readText(child.stdout);
  const errors = readText(child.stderr);
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(await errors);
  return JSON.parse(await output) as string[];
}

async function readText(...streams: NodeJS.ReadableStream[]): Promise<string> {
  const chunks = await Promise.all(
    streams.map(async (stream) => {
      let text = "";
      for await (const chunk of stream) text += String(chunk);
      return text;
    }),
  );
  return chunks.join("");
}
