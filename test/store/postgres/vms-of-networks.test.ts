import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { migrate } from "../../../src/store/postgres/migrate.js";
import { asAdmin, createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { until } from "../until.js";
import { largeId } from "../../support/databases/large-ids.js";

const NAME = "VmsOfNetworks1796500000000";
const [VM, OTHER] = [largeId("1", 1), largeId("1", 2)];
const NICS = [largeId("2", 1), largeId("2", 2), largeId("2", 3)] as const;

let database: TestDatabase;

/** Two VMs of which one has two vNICs and the other one; the last one has no network yet. */
beforeEach(async () => {
  database = await createDatabase();
  await query(`INSERT INTO vm_static (vm_guid, vm_name) VALUES ('${VM}', 'web'), ('${OTHER}', 'db')`);
  await query(
    `INSERT INTO vm_interface (id, vm_guid, name)
     VALUES ('${NICS[0]}', '${VM}', 'nic1'), ('${NICS[1]}', '${OTHER}', 'nic1'), ('${NICS[2]}', '${VM}', 'nic2')`,
  );
  await query(
    `INSERT INTO vnic_graph_nic (nic_id, network) VALUES ('${NICS[0]}', 'lan'), ('${NICS[1]}', 'storage')`,
  );
});

afterEach(() => database.drop());

const query = (sql: string): Promise<unknown[]> => database.dataSource.query<unknown[]>(sql);

const readNetworks = (): Promise<unknown[]> =>
  query("SELECT nic_id AS nic, vm_id AS vm, network FROM vnic_graph_nic ORDER BY nic_id");

const STORED = [
  { nic: NICS[0], vm: VM, network: "lan" },
  { nic: NICS[1], vm: OTHER, network: "storage" },
];

test("the upgrade gives each network that is stored the VM of its vNIC, and is no edit; the way back keeps the networks", async () => {
  await undo();
  expect(await query("SELECT * FROM vnic_graph_nic ORDER BY nic_id")).toEqual(
    STORED.map(({ nic, network }) => ({ nic_id: nic, network })),
  );
  const edits = await query("SELECT tx FROM vnic_graph_edit");
  expect(await migrate(database.dataSource)).toEqual([NAME]);
  expect(await readNetworks()).toEqual(STORED);
  expect(await query("SELECT tx FROM vnic_graph_edit")).toEqual(edits);
});

test("a reader of vNICs that began before the upgrade ends well, and so does the upgrade", async () => {
  await undo();
  const reader = database.dataSource.createQueryRunner();
  await reader.startTransaction();
  await reader.query("SELECT FROM vm_interface");
  const told: string[] = [];
  const migrated = migrate(database.dataSource, { onWait: (reason) => told.push(reason) });
  await until(
    async () =>
      (await query("SELECT FROM pg_locks WHERE NOT granted AND relation = 'vm_interface'::regclass")).length >
      0,
  );
  expect(await reader.query("SELECT network FROM vnic_graph_nic ORDER BY network")).toHaveLength(2);
  await reader.commitTransaction();
  await reader.release();
  expect(await migrated).toEqual([NAME]);
  expect(told).toEqual([]);
  expect(await readNetworks()).toEqual(STORED);
});

test("edits after the upgrade are noted as before", async () => {
  await undo();
  await migrate(database.dataSource);
  const edits = await query("SELECT tx FROM vnic_graph_edit");
  await query("UPDATE vnic_graph_nic SET network = 'dmz'");
  expect((await query("SELECT tx FROM vnic_graph_edit")).length).toBeGreaterThan(edits.length);
});

test("a network that is written without a VM gets the VM of its vNIC, whatever the writer's search path and rights", async () => {
  const writer = `vnic_graph_writer_${randomBytes(4).toString("hex")}`;
  await asAdmin(`CREATE ROLE ${writer}`);
  const connection = database.dataSource.createQueryRunner();
  try {
    await connection.query(`GRANT INSERT ON vnic_graph_nic TO ${writer}`);
    await connection.query(`SET ROLE ${writer}`);
    await connection.query("SET search_path = pg_catalog");
    await connection.query(
      `INSERT INTO public.vnic_graph_nic (nic_id, network) VALUES ('${NICS[2]}', 'dmz')`,
    );
    await connection.query("RESET search_path");
    await connection.query("RESET ROLE");
    expect(await readNetworks()).toEqual([...STORED, { nic: NICS[2], vm: VM, network: "dmz" }]);
  } finally {
    await connection.query(`DROP OWNED BY ${writer}`);
    await connection.release();
    await asAdmin(`DROP ROLE ${writer}`);
  }
});

test("a vNIC that somebody gives to another VM takes its network along, and one that is deleted takes it away", async () => {
  await query(`UPDATE vm_interface SET vm_guid = '${OTHER}' WHERE id = '${NICS[0]}'`);
  expect(await readNetworks()).toEqual([{ ...STORED[0], vm: OTHER }, STORED[1]]);
  await query(`DELETE FROM vm_interface WHERE id = '${NICS[1]}'`);
  expect(await readNetworks()).toEqual([{ ...STORED[0], vm: OTHER }]);
});

test("no network is written for another VM than its vNIC's", async () => {
  await expect(
    query(`INSERT INTO vnic_graph_nic (nic_id, vm_id, network) VALUES ('${NICS[2]}', '${OTHER}', 'dmz')`),
  ).rejects.toThrow("fk_vnic_graph_nic_vm_interface");
  await expect(query(`UPDATE vnic_graph_nic SET vm_id = '${OTHER}'`)).rejects.toThrow(
    "fk_vnic_graph_nic_vm_interface",
  );
  expect(await readNetworks()).toEqual(STORED);
});

/** Makes the tables as they were before this migration. */
async function undo(): Promise<void> {
  const { dataSource } = database;
  const queryRunner = dataSource.createQueryRunner();
  await queryRunner.startTransaction();
  await dataSource.migrations.find(({ name }) => name === NAME)?.down(queryRunner);
  await queryRunner.commitTransaction();
  await queryRunner.release();
  await dataSource.query("DELETE FROM vnic_graph_migrations WHERE name = $1", [NAME]);
}
