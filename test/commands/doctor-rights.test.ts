import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { checkOurTables } from "../../src/commands/doctor/our-tables.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { asAdmin, createDatabase, type TestDatabase } from "../support/databases/database.js";

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A database with our tables, or `template: null` an empty one, and a role without any right of its own. */
async function createStranger(options?: { template: null }) {
  const database = await createDatabase(options);
  cleanups.push(() => database.drop());
  const role = await createRole("LOGIN PASSWORD 'role'", database);
  const url = new URL(database.url);
  url.username = role;
  url.password = "role";
  return { database, role, url: url.href };
}

async function createRole(attributes: string, { dataSource }: TestDatabase): Promise<string> {
  const role = `vnic_graph_role_${randomBytes(4).toString("hex")}`;
  await asAdmin(`CREATE ROLE ${role} ${attributes}`);
  cleanups.push(async () => {
    if (dataSource.isInitialized) await dataSource.query(`DROP OWNED BY ${role}`);
    await asAdmin(`DROP ROLE ${role}`);
  });
  return role;
}

/** Looks as the doctor does, with a connection of its own. */
async function look(url: string): Promise<string> {
  const dataSource = await createDataSource(url, { poolSize: 1 }).initialize();
  try {
    const { verdict, what, mend } = await checkOurTables(dataSource);
    return `${verdict}: ${what} -> ${mend ?? ""}`;
  } finally {
    await dataSource.destroy();
  }
}

test("a role that may not use the schema is told so, and not that search_path is wrong", async () => {
  const { database, role, url } = await createStranger({ template: null });
  await database.dataSource.query("REVOKE ALL ON SCHEMA public FROM PUBLIC");
  expect(await look(url)).toBe(
    `fail: role ${role} may not use the schema public of its search_path -> GRANT USAGE, CREATE ON SCHEMA public TO ${role}`,
  );
  await database.dataSource.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${role}`);
  expect(await look(url)).toMatch(/^ok: /);
});

test("a role without rights on the tables is told which grant they need, whatever the list of migrations tells it", async () => {
  const { database, role, url } = await createStranger();
  expect(await look(url)).toMatch(
    new RegExp(
      `^fail: role ${role} may not read and write .*vnic_graph_migrations.* -> ` +
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}$`,
    ),
  );
  await database.dataSource.query(
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
  );
  expect(await look(url)).toBe("ok: up to date -> ");
});

test("a role to which row-level security applies is told so, and not that the tables are foreign", async () => {
  const { database, role, url } = await createStranger();
  await database.dataSource.query(
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
  );
  await database.dataSource.query("ALTER TABLE vnic_graph_migrations ENABLE ROW LEVEL SECURITY");
  await database.dataSource.query("ALTER TABLE vnic_graph_host ENABLE ROW LEVEL SECURITY");
  expect(await look(url)).toMatch(
    new RegExp(
      `^fail: row-level security applies to role ${role} at vnic_graph_host, vnic_graph_migrations, whatever its policies let through -> ` +
        `ALTER TABLE … DISABLE ROW LEVEL SECURITY at our tables, or ALTER ROLE ${role} BYPASSRLS$`,
    ),
  );
});

test("a member of the owner that does not inherit its rights is told to take its role", async () => {
  const { database, role, url } = await createStranger();
  const owner = await createRole("NOLOGIN", database);
  const tables: { name: string }[] = await database.dataSource.query(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')",
  );
  for (const { name } of tables) await database.dataSource.query(`ALTER TABLE ${name} OWNER TO ${owner}`);
  await asAdmin(`ALTER ROLE ${role} NOINHERIT`);
  await asAdmin(`GRANT ${owner} TO ${role}`);
  expect(await look(url)).toMatch(new RegExp(`^fail: .* -> ALTER ROLE ${role} SET role = ${owner}: `));
  await asAdmin(`ALTER ROLE ${role} SET role = ${owner}`);
  expect(await look(url)).toBe("ok: up to date -> ");
});

test("an engine's database is never answered with a grant", async () => {
  const { database, url } = await createStranger({ template: null });
  await database.dataSource.query("CREATE TABLE vm_static (vm_guid uuid)");
  expect(await look(url)).toMatch(
    /^fail: .*tables that vnic-graph did not make.* -> (?!GRANT).*SOURCE=engine$/,
  );
});
