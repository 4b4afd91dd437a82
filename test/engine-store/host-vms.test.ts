import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createHostVmsReads } from "../../src/engine-store/host-vms.js";
import { createVmScopeSql } from "../../src/store/read/conditions/scope.js";
import type { VmRow } from "../../src/store/types.js";
import type { VmTree } from "../../src/store/vm-tree.js";
import { formatId, largeId } from "../support/databases/large-ids.js";
import { createEngineDatabase, type EngineDatabase } from "./engine-database.js";

let engine: EngineDatabase;
let nowMs = 0;
let read: ReturnType<typeof createHostVmsReads>;

const HOSTS = 70;
const VMS_A_HOST = 200;
const hostIds = Array.from({ length: HOSTS }, (_, n) => largeId("a", n + 1));
const ALL = createVmScopeSql(null);
const PARTS = { row: true, interfaces: false, nics: false };

beforeAll(async () => {
  engine = await createEngineDatabase();
  await engine.asEngine(
    "SET session_replication_role = replica",
    `INSERT INTO vds_static (vds_id, vds_name, host_name, port)
      SELECT ${formatId("a", "n")}, 'host' || n, 'host', 54321 FROM generate_series(1, ${HOSTS}) n`,
    `INSERT INTO vds_dynamic (vds_id, status) SELECT ${formatId("a", "n")}, 3 FROM generate_series(1, ${HOSTS}) n`,
    `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid, description)
      SELECT ${formatId("1", "n")}, '', 'VM', ${formatId("1", "1")}, lpad((n / ${HOSTS})::text, 4, '0') || '-' || n
      FROM generate_series(1, ${HOSTS * VMS_A_HOST}) n`,
    `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds)
      SELECT ${formatId("1", "n")}, 1, ${formatId("a", `n % ${HOSTS} + 1`)}
      FROM generate_series(1, ${HOSTS * VMS_A_HOST}) n`,
  );
});

beforeEach(async () => {
  nowMs = 0;
  read = createHostVmsReads(() => nowMs);
  // Each host has names from the beginning to the end.
  await nameVms("s.description");
  // The first question looks into the catalog, too.
  await readFirst(hostIds, 2);
});

afterAll(() => engine.drop());

/** Names each VM by an expression of the VM `s` and its state `d`. */
async function nameVms(name: string): Promise<void> {
  await engine.asEngine(
    `UPDATE vm_static t SET vm_name = ${name} FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      WHERE t.vm_guid = s.vm_guid`,
    "VACUUM (ANALYZE) vm_static",
  );
}

/** Reads the first VMs of hosts, sorted by id, and tells how many statements that took. */
async function readFirst(ids: readonly string[], limit: number, scope = ALL) {
  engine.sent();
  const trees = await read(engine.dataSource, { hostIds: ids, limit, parts: PARTS }, scope);
  return { rows: sortById(trees), statements: engine.sent().length };
}

/** Reads the same, a few hosts at a time. */
async function readInParts(ids: readonly string[], limit: number, scope = ALL): Promise<VmRow[]> {
  const half = ids.length / 2;
  const parts = [ids.slice(0, half), ids.slice(half)].map((some) =>
    read(engine.dataSource, { hostIds: some, limit, parts: PARTS }, scope),
  );
  return sortById((await Promise.all(parts)).flat());
}

function sortById(trees: readonly VmTree[]): VmRow[] {
  return trees.flatMap(({ row }) => row ?? []).toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

test("the first VMs of many hosts are those that each host has alone, in one statement", async () => {
  const { rows, statements } = await readFirst(hostIds, 2);
  expect(rows).toEqual(await readInParts(hostIds, 2));
  expect([rows.length, statements]).toEqual([2 * HOSTS, 1]);
});

test("a few hosts without VMs, or with late names, cost one statement more", async () => {
  const late = `CASE WHEN d.run_on_vds = '${hostIds[4]!}' THEN 'z' ELSE '' END || s.description`;
  await nameVms(late);
  const ids = [...hostIds, largeId("f", 1), largeId("f", 2)];
  const { rows, statements } = await readFirst(ids, 2);
  expect(rows).toEqual(await readInParts(hostIds, 2));
  expect([rows.length, statements]).toEqual([2 * HOSTS, 2]);
});

test("where names depend on hosts, all names are read, and for ten minutes in one statement", async () => {
  await nameVms("d.run_on_vds || '-' || s.description");
  const alone = await readInParts(hostIds, 2);
  for (const [atMs, statements] of [
    [0, 2],
    [599_999, 1],
    [600_001, 2],
  ] as const) {
    nowMs = atMs;
    expect(await readFirst(hostIds, 2)).toEqual({ rows: alone, statements });
  }
});

test("a question for nearly all VMs does not stop later ones for few", async () => {
  const many = await readFirst(hostIds, VMS_A_HOST);
  expect([many.rows.length, many.statements]).toEqual([HOSTS * VMS_A_HOST, 2]);
  expect((await readFirst(hostIds, 2)).statements).toBe(1);
});

test("a viewer with a scope gets the first VMs of the scope, and slows nobody else down", async () => {
  const scope = createVmScopeSql({ namePatterns: ["00?1-*"], hostIds: [], vmIds: [] });
  const { rows, statements } = await readFirst(hostIds, 3, scope);
  expect(rows).toEqual(await readInParts(hostIds, 3, scope));
  expect(rows.every(({ name }) => /^00.1-/.test(name))).toBe(true);
  expect(statements).toBe(1);
  expect((await readFirst(hostIds, 2)).statements).toBe(1);
});

test("where a view stands in the place of a table, the first VMs of many hosts are read from lists", async () => {
  const alone = await readInParts(hostIds, 2);
  await engine.asEngine(
    "ALTER TABLE vm_dynamic RENAME TO vm_dynamic_of_engine",
    "CREATE VIEW vm_dynamic AS SELECT * FROM vm_dynamic_of_engine",
    `GRANT SELECT ON vm_dynamic TO ${engine.role}`,
  );
  try {
    read = createHostVmsReads(() => nowMs);
    expect(await readFirst(hostIds, 2)).toEqual({ rows: alone, statements: 2 });
    expect(await readFirst(hostIds, 2)).toEqual({ rows: alone, statements: 1 });
  } finally {
    await engine.asEngine("DROP VIEW vm_dynamic", "ALTER TABLE vm_dynamic_of_engine RENAME TO vm_dynamic");
  }
});
