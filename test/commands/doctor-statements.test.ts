import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { attemptIn, rehearse } from "../../src/commands/doctor/rehearsal.js";
import { checkStatements } from "../../src/commands/doctor/statements.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { listPendingMigrations } from "../../src/store/postgres/migrate.js";
import { readContents } from "../support/databases/contents.js";
import { asAdmin, createDatabase, type TestDatabase } from "../support/databases/database.js";

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A gateway's role that did not make the tables, with what it needs to use them. */
async function createRole(): Promise<{ database: TestDatabase; role: string; url: string }> {
  const database = await createDatabase();
  const role = `vnic_graph_role_${randomBytes(4).toString("hex")}`;
  cleanups.push(async () => {
    await database.drop();
    await asAdmin(`DROP ROLE ${role}`);
  });
  await asAdmin(`CREATE ROLE ${role} LOGIN PASSWORD 'role'`);
  for (const grant of [
    "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public",
    "USAGE ON ALL SEQUENCES IN SCHEMA public",
  ]) {
    await database.dataSource.query(`GRANT ${grant} TO ${role}`);
  }
  const url = new URL(database.url);
  url.username = role;
  url.password = "role";
  return { database, role, url: url.href };
}

async function look(url: string): Promise<string[]> {
  const dataSource = await createDataSource(url, { poolSize: 1 }).initialize();
  try {
    const findings = await checkStatements(dataSource, await listPendingMigrations(dataSource));
    return findings.map(({ verdict, what, mend }) => `${verdict} ${what} -> ${mend ?? ""}`);
  } finally {
    await dataSource.destroy();
  }
}

/** Undoes the newest migrations, up to one that alters the change log with its rows. */
async function undoMigrations({ dataSource }: TestDatabase): Promise<void> {
  const newest = dataSource.migrations.map(({ name = "" }) => name);
  const count = newest.length - newest.findIndex((name) => name.startsWith("CompactLog"));
  for (let undone = 0; undone < count; undone += 1)
    await dataSource.undoLastMigration({ transaction: "all" });
}

/** Does something while somebody has the change log open. */
async function withReader(database: TestDatabase, act: () => Promise<void>): Promise<void> {
  const reader = database.dataSource.createQueryRunner();
  await reader.startTransaction();
  try {
    await reader.query("SELECT FROM vnic_graph_change LIMIT 1");
    await act();
  } finally {
    await reader.rollbackTransaction();
    await reader.release();
  }
}

describe("the doctor tries all statements of a gateway", () => {
  test("as the owner of the tables, and keeps nothing", async () => {
    const database = await createDatabase();
    cleanups.push(() => database.drop());
    const before = await readContents(database.dataSource);
    expect(await look(database.url)).toEqual([
      "ok all that a gateway asks and writes was tried, and undone -> ",
    ]);
    expect(await readContents(database.dataSource)).toEqual(before);
  });

  test("as a role that may use the tables, which is warned that it cannot keep or empty the change log", async () => {
    const { role, url } = await createRole();
    expect(await look(url)).toEqual([
      "warn erasing the past of all VMs, as `forget --all` does: permission denied for table vnic_graph_change -> " +
        `GRANT TRUNCATE ON vnic_graph_change, vnic_graph_address_span TO ${role}; nothing else needs it`,
      expect.stringMatching(
        `^warn role ${role} does not own the change log, .* -> ALTER TABLE vnic_graph_change OWNER TO ${role}`,
      ),
    ]);
  });

  test("with the migrations that wait, on an empty database, which stays empty", async () => {
    const database = await createDatabase({ template: null });
    cleanups.push(() => database.drop());
    expect(await look(database.url)).toEqual([
      "ok all that a gateway asks and writes was tried, and undone -> ",
    ]);
    expect(
      await database.dataSource.query("SELECT relname FROM pg_class WHERE relname LIKE 'v%_static'"),
    ).toEqual([]);
  });

  test("with a migration that the role may not run, as the tables are not its own", async () => {
    const { database, role, url } = await createRole();
    await database.dataSource.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${role}`);
    await undoMigrations(database);
    expect(await look(url)).toEqual([
      expect.stringMatching(
        /^fail running [\w, ]+: must be owner of table \w+ -> run `vnic-graph migrate` as the owner of our tables/,
      ),
      expect.stringMatching(/^warn role \w+ does not own the change log/),
    ]);
  });

  test("as the owner of the change log who may make no tables beside it", async () => {
    const { database, role, url } = await createRole();
    await database.dataSource.query(`
      REVOKE CREATE ON SCHEMA public FROM PUBLIC;
      GRANT TRUNCATE ON vnic_graph_address_span TO ${role};
      DO $$ DECLARE name regclass; BEGIN
        FOR name IN SELECT 'vnic_graph_change'::regclass UNION ALL SELECT inhrelid::regclass FROM pg_inherits
          WHERE inhparent = 'vnic_graph_change'::regclass
        LOOP EXECUTE format('ALTER TABLE %s OWNER TO ${role}', name); END LOOP; END $$`);
    expect(await look(url)).toEqual([
      "warn making and dropping a partition of the change log: permission denied for schema public -> " +
        `GRANT USAGE, CREATE ON SCHEMA public TO ${role}`,
    ]);
  });

  test.each([
    [
      "REVOKE DELETE ON vnic_graph_change FROM ROLE",
      /^warn erasing a VM's past, as `forget` does: permission denied for table vnic_graph_change -> GRANT/,
    ],
    [
      "REVOKE INSERT ON vm_static FROM ROLE",
      /^fail storing a new VM: permission denied for table vm_static -> GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES/,
    ],
    [
      "REVOKE DELETE ON vm_guest_agent_interfaces FROM ROLE",
      /^fail storing what is gone of a VM: permission denied for table vm_guest_agent_interfaces -> GRANT/,
    ],
    [
      "REVOKE UPDATE ON vnic_graph_host FROM ROLE",
      /^fail \S.*: permission denied for table vnic_graph_host -> GRANT/,
    ],
    [
      "REVOKE SELECT ON vnic_graph_change FROM ROLE",
      /^fail .*: permission denied for table vnic_graph_change -> GRANT/,
    ],
    [
      "REVOKE UPDATE ON vnic_graph_address_index FROM ROLE",
      /^fail keeping the index of addresses: permission denied for table vnic_graph_address_index -> GRANT/,
    ],
    [
      "REVOKE USAGE ON SEQUENCE vnic_graph_change_seq FROM ROLE",
      /^fail storing a new VM: permission denied for sequence vnic_graph_change_seq -> GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ROLE/,
    ],
    [
      "ALTER ROLE ROLE SET default_transaction_read_only = on",
      /^fail registering a gateway: cannot execute .* in a read-only transaction -> give DATABASE_URL the primary/,
    ],
    [
      "ALTER TABLE vm_dynamic ENABLE ROW LEVEL SECURITY",
      /^fail \S.*: query would be affected by row-level security policy .* -> ALTER TABLE … DISABLE ROW LEVEL SECURITY at our tables, or ALTER ROLE ROLE BYPASSRLS/,
    ],
    [
      "ALTER TABLE vnic_graph_vm DROP COLUMN stale_detail",
      /^fail .*column .*stale_detail.* -> the tables are not what migrations made/,
    ],
    [
      "ALTER TABLE vm_static ADD CHECK (vm_name <> 'doctor''s VM')",
      /^fail storing a new VM: .*check constraint .* -> a constraint or a trigger that is not ours/,
    ],
  ])("the doctor has a hint where a statement fails: %s", async (spoil, line) => {
    const { database, role, url } = await createRole();
    const statement = spoil.replaceAll("ROLE ROLE", `ROLE ${role}`).replaceAll("FROM ROLE", `FROM ${role}`);
    await database.dataSource.query(statement);
    const found = (await look(url)).map((each) => each.replaceAll(role, "ROLE"));
    expect(found[0]).toMatch(line);
    // Each reason once, and nothing of what could only follow from it.
    expect(new Set(found.map((each) => each.split(": ", 2)[1])).size).toBe(found.length);
  });

  test("hints name the schema of the tables and the role, as they are written in a statement", async () => {
    const { database, role, url } = await createRole();
    const odd = `${role}-Odd`;
    await asAdmin(`ALTER ROLE ${role} RENAME TO "${odd}"`);
    cleanups.push(() => asAdmin(`ALTER ROLE "${odd}" RENAME TO ${role}`));
    await asAdmin(`ALTER ROLE "${odd}" PASSWORD 'role'`);
    for (const statement of [
      'ALTER SCHEMA public RENAME TO "Our Tables"',
      `GRANT USAGE ON SCHEMA "Our Tables" TO "${odd}"`,
      `REVOKE DELETE ON "Our Tables".vm_guest_agent_interfaces FROM "${odd}"`,
    ]) {
      await database.dataSource.query(statement);
    }
    const named = new URL(url);
    named.username = odd;
    named.searchParams.set("options", String.raw`-csearch_path="Our\ Tables"`);
    expect((await look(named.href))[0]).toContain(
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "Our Tables" TO "${odd}"`,
    );
  });

  test("a migration is tried once, and not while somebody reads its tables", async () => {
    const database = await createDatabase();
    cleanups.push(() => database.drop());
    await undoMigrations(database);
    expect(await look(database.url)).toEqual([
      "ok the migrations that wait were tried, and undone; all else is tried when they have run -> ",
    ]);
    await withReader(database, async () => {
      expect(await look(database.url)).toEqual([
        expect.stringMatching(
          /^warn running [\w, ]+: could not be tried while its tables are in use -> ask again/,
        ),
      ]);
    });
  });

  test("a migration that takes long on many rows is not tried to its end", async () => {
    const database = await createDatabase();
    cleanups.push(() => database.drop());
    await undoMigrations(database);
    await database.dataSource.query(`
      CREATE FUNCTION take_long() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
      CREATE TRIGGER long BEFORE UPDATE ON vnic_graph_change FOR EACH STATEMENT EXECUTE FUNCTION take_long()`);
    expect(await look(database.url)).toEqual([
      expect.stringMatching(
        /^warn running [\w, ]+: could not be tried within 1 s, as its tables have many rows -> /,
      ),
    ]);
  });

  test("what locks the change log is not tried while somebody reads it", async () => {
    const database = await createDatabase();
    cleanups.push(() => database.drop());
    await withReader(database, async () => {
      expect(await look(database.url)).toEqual([
        expect.stringMatching(
          /^warn making and dropping a partition .*: could not be tried while its tables are in use -> ask again/,
        ),
      ]);
    });
  });

  test("the locks of a brief trial end with it", async () => {
    const database = await createDatabase();
    cleanups.push(() => database.drop());
    const locks = await rehearse(database.dataSource, async (rehearsal) => {
      const runner = rehearsal.createQueryRunner();
      const attempt = () => runner.query("LOCK TABLE vnic_graph_change IN ACCESS EXCLUSIVE MODE");
      expect(await attemptIn(rehearsal, { attempt, isBrief: true })).toBeNull();
      return runner.query(
        "SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock'",
      );
    });
    expect(locks).toEqual([]);
  });

  test("the doctor does not wait for locks longer than it may hold up a gateway", async () => {
    const { database, url } = await createRole();
    const holder = database.dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query("LOCK TABLE vm_static IN ACCESS EXCLUSIVE MODE");
    const found = await look(url);
    await holder.rollbackTransaction();
    await holder.release();
    expect(found[0]).toMatch(/^fail .* -> somebody holds a lock: see pg_stat_activity and pg_locks/);
  });
});
