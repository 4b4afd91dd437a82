import { afterEach, describe, expect, test } from "vitest";
import { checkEngine, UnusableEngineError } from "../../src/engine-store/check-engine.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { ENGINE_COLUMNS } from "../../src/engine-store/engine-columns.js";
import { createEngineStore } from "../../src/engine-store/engine-store.js";
import { tryReads } from "../../src/engine-store/try-reads.js";
import { createEngineDatabase, type EngineDatabase } from "./engine-database.js";
import { ENGINE_SCHEMA } from "./engine-schema.js";

let engine: EngineDatabase;

afterEach(() => engine.drop());

describe("an engine's database at start", () => {
  test("is taken with a role that has only SELECT, and said to be read only", async () => {
    engine = await createEngineDatabase();
    const check = await checkEngine(engine.dataSource);
    expect(check).toMatchObject({ readOnly: true, role: engine.role, roleMayWrite: false });
    expect(check.message).toMatch(/^engine database vnic_graph_engine_\w+: read only, as \w+; nothing is/);
    expect(check.message).not.toContain("may write");
  });

  test("is taken with SELECT on nothing but the columns that are read", async () => {
    engine = await createEngineDatabase({ grants: [] });
    await engine.asEngine(
      `GRANT SELECT ON vds_static, vds_dynamic, vm_static, vm_interface, vm_device, vnic_profiles, network,
        vm_guest_agent_interfaces TO ${engine.role}`,
      `GRANT SELECT (vm_guid, status, run_on_vds, vm_ip, vm_fqdn, guest_agent_nics_hash) ON vm_dynamic TO ${engine.role}`,
    );
    expect((await checkEngine(engine.dataSource)).readOnly).toBe(true);
  });

  test("is read whole with SELECT on each of the documented columns alone", async () => {
    engine = await createEngineDatabase({ grants: [] });
    await engine.asEngine(
      ...Object.entries(ENGINE_COLUMNS).map(
        ([table, columns]) => `GRANT SELECT (${columns.join(", ")}) ON ${table} TO ${engine.role}`,
      ),
    );
    expect((await checkEngine(engine.dataSource)).readOnly).toBe(true);
    await tryReads(createEngineStore(engine.dataSource));
  });

  test("is tried with the statements for many hosts, too", async () => {
    engine = await createEngineDatabase();
    await tryReads(createEngineStore(engine.dataSource));
    expect(engine.sent().some(({ sql }) => sql.includes("TABLESAMPLE"))).toBe(true);
  });

  test("is taken with views in the place of its tables", async () => {
    engine = await createEngineDatabase();
    for (const table of Object.keys(ENGINE_COLUMNS)) {
      await engine.asEngine(
        `ALTER TABLE ${table} RENAME TO ${table}_of_engine`,
        `CREATE VIEW ${table} AS SELECT * FROM ${table}_of_engine`,
        `REVOKE ALL ON ${table}_of_engine FROM ${engine.role}`,
        `GRANT SELECT ON ${table} TO ${engine.role}`,
      );
    }
    expect((await checkEngine(engine.dataSource)).readOnly).toBe(true);
    await tryReads(createEngineStore(engine.dataSource));
  });

  test("is refused with the real cause: no right to use the schema", async () => {
    engine = await createEngineDatabase();
    await engine.asEngine("REVOKE USAGE ON SCHEMA public FROM PUBLIC");
    await expect(checkEngine(engine.dataSource)).rejects.toThrow(/GRANT USAGE ON SCHEMA public TO/);
  });

  test("is found whatever the search path of the role is", async () => {
    engine = await createEngineDatabase();
    await engine.asEngine(`ALTER ROLE ${engine.role} SET search_path = nowhere`);
    const reader = await engine.reader().initialize();
    expect((await checkEngine(reader)).readOnly).toBe(true);
    await reader.destroy();
  });

  test("is refused by the names of missing tables and columns", async () => {
    const schema = ENGINE_SCHEMA.filter((statement) => !statement.includes("TABLE vm_device")).filter(
      (statement) => !statement.includes("ON vm_device"),
    );
    engine = await createEngineDatabase({
      schema: [...schema, "ALTER TABLE vm_dynamic DROP COLUMN guest_agent_nics_hash"],
    });
    const refusal = await checkEngine(engine.dataSource).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UnusableEngineError);
    expect((refusal as Error).message).toContain(
      "lacks column vm_dynamic.guest_agent_nics_hash, table vm_device; give DATABASE_URL",
    );
  });

  test("is refused by the names of the tables that may not be read", async () => {
    engine = await createEngineDatabase();
    await engine.asEngine(`REVOKE SELECT ON network, vm_static FROM ${engine.role}`);
    await expect(checkEngine(engine.dataSource)).rejects.toThrow(
      /role \w+ lacks SELECT on vm_static, SELECT on network; give/,
    );
  });

  test("is refused by the names of the tables at which row-level security applies, also where a policy lets all through: VMs could seem not to exist", async () => {
    engine = await createEngineDatabase();
    await engine.asEngine(
      "ALTER TABLE vm_static ENABLE ROW LEVEL SECURITY",
      "CREATE POLICY everybody ON vm_static USING (true)",
      "ALTER TABLE network ENABLE ROW LEVEL SECURITY",
    );
    await expect(checkEngine(engine.dataSource)).rejects.toThrow(
      `row-level security applies to role ${engine.role} at vm_static, network, whatever its policies let through; ` +
        `run ALTER ROLE ${engine.role} BYPASSRLS there`,
    );
    await expect(engine.dataSource.query("SELECT vm_guid FROM vm_static")).rejects.toThrow(
      /row-level security/,
    );
  });

  test("is refused with role, database and PostgreSQL's message if a read fails by what a view needs", async () => {
    engine = await createEngineDatabase();
    await engine.asEngine(
      "ALTER TABLE network RENAME TO network_of_engine",
      `CREATE FUNCTION list_networks() RETURNS SETOF network_of_engine LANGUAGE plpgsql
        AS 'BEGIN RETURN QUERY SELECT * FROM gone; END'`,
      "CREATE VIEW network AS SELECT * FROM list_networks()",
      `GRANT SELECT ON network TO ${engine.role}`,
    );
    const refusal = await checkEngine(engine.dataSource).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UnusableEngineError);
    expect((refusal as Error).message).toMatch(
      /^engine database \w+: role \w+ cannot read what the gateway reads: relation "gone" does not exist$/,
    );
  });

  test("is refused where a session may write", async () => {
    engine = await createEngineDatabase();
    const dataSource = await createDataSource(engine.url, { poolSize: 1 }).initialize();
    await expect(checkEngine(dataSource)).rejects.toThrow(/SET default_transaction_read_only = on/);
    await dataSource.destroy();
  });

  test("cannot be written, even by a role that could, and says that less would do", async () => {
    engine = await createEngineDatabase();
    await engine.asEngine(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${engine.role}`);
    const check = await checkEngine(engine.dataSource);
    expect(check.roleMayWrite).toBe(true);
    expect(check.message).toContain("only SELECT would do");
    await expect(engine.dataSource.query("DELETE FROM vm_static")).rejects.toThrow(/read-only transaction/);
  });

  test("is known without entities and migrations, so that nothing can be synchronised or migrated", async () => {
    engine = await createEngineDatabase();
    expect(engine.dataSource.entityMetadatas).toEqual([]);
    expect(engine.dataSource.migrations).toEqual([]);
  });

  test("has no place for a failed check to write to: it reads the catalogue alone", async () => {
    engine = await createEngineDatabase({ schema: [] });
    await expect(checkEngine(engine.dataSource)).rejects.toThrow(/table vds_static, table vds_dynamic/);
    expect(engine.sent().every(({ sql }) => sql.trimStart().startsWith("SELECT"))).toBe(true);
  });
});

describe("readiness with an engine's database", () => {
  test.each([
    {
      what: "may not be read",
      reason: "rights",
      list: (role: string) => [
        `REVOKE SELECT ON vm_dynamic FROM ${role}`,
        `GRANT SELECT (vm_guid, status, run_on_vds, vm_fqdn, guest_agent_nics_hash) ON vm_dynamic TO ${role}`,
      ],
    },
    {
      what: "has another name",
      reason: "missing",
      list: () => ["ALTER TABLE vm_dynamic RENAME COLUMN vm_ip TO hidden"],
    },
  ])("fails as queries do if a single column $what", async ({ reason, list }) => {
    engine = await createEngineDatabase();
    const store = createEngineStore(engine.dataSource);
    expect(await store.readPollingState()).toMatchObject({ hosts: 0 });
    await engine.asEngine(...list(engine.role));
    await expect(store.readPollingState()).rejects.toMatchObject({ reason });
    await expect(store.readVmsByIds(["00000000-0000-0000-0000-000000000000"])).rejects.toMatchObject({
      reason,
    });
  });
});
