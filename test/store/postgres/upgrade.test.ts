import type { DataSource } from "typeorm";
import { afterEach, describe, expect, test } from "vitest";
import { createHostLink } from "../../../src/refresher/host-link.js";
import { migrate } from "../../../src/store/postgres/migrate.js";
import { MIGRATIONS } from "../../../src/store/postgres/migrations.js";
import { askForData } from "../../graph/support/ask.js";
import { FakeHost } from "../../refresher/fake-host.js";
import { HOST_A } from "../../support/builders/ids.js";
import { configuredHost } from "../../support/builders/passes.js";
import { reportedInterface, reportedNic, reportedVm } from "../../support/builders/reported.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { runPass } from "../../support/passes/run-pass.js";

const VM = "00000000-0000-4000-8000-0000000000a1";
const DOWN_VM = "00000000-0000-4000-8000-0000000000a2";
const NIC = "00000000-0000-4000-8000-0000000000b1";

let database: TestDatabase | undefined;

afterEach(async () => {
  await database?.drop();
  database = undefined;
});

/** What a gateway of the first version stored. */
const OLD_ROWS = [
  `INSERT INTO vds_static VALUES ('${HOST_A}', 'host-a', '127.0.0.1', 54321)`,
  `INSERT INTO vnic_graph_host (host_id, epoch, last_attempt_at, last_success_at) VALUES ('${HOST_A}', 7, now(), now())`,
  `INSERT INTO vm_static (vm_guid, vm_name) VALUES ('${VM}', 'web'), ('${DOWN_VM}', 'off')`,
  `INSERT INTO vm_dynamic (vm_guid, status, vm_ip, vm_fqdn, run_on_vds)
   VALUES ('${VM}', 1, '10.0.0.7 2001:db8::7', 'web.example.org', '${HOST_A}'), ('${DOWN_VM}', 0, NULL, '', NULL)`,
  `INSERT INTO vnic_graph_vm (vm_id, inventory_hash, last_reported_at, interface_names)
   VALUES ('${VM}', 'h', now(), '{eth0}'), ('${DOWN_VM}', NULL, NULL, NULL)`,
  `INSERT INTO vm_interface VALUES ('${NIC}', '${VM}', 'vnet0', '56:6f:00:00:00:01', true)`,
  `INSERT INTO vnic_graph_nic VALUES ('${NIC}', 'ovirtmgmt')`,
  `INSERT INTO vm_guest_agent_interfaces
   VALUES ('${VM}', 'eth0', '56:6f:00:00:00:01', '10.0.0.7', '2001:db8::7'), ('${VM}', 'eth1', NULL, NULL, NULL)`,
];

/** Kept beside them since there is a table for it. */
const OLD_ADDRESSES = `INSERT INTO vnic_graph_address VALUES ('${VM}', '10.0.0.7'), ('${VM}', '2001:db8::7')`;

const QUESTION = `{
  vm(id: "${VM}") {
    name status
    nics { id macAddress network guestInterface { name ipv4Addresses ipv6Addresses } }
    guestInfo { fqdn ips stale networkDevices { name ipv4Addresses ipv6Addresses } }
  }
  off: vm(id: "${DOWN_VM}") { name status }
  byAddress: vms(filter: { address: { eq: "10.0.0.7" } }) { nodes { name } }
  byPrefix: vms(filter: { address: { inCidr: "10.0.0.0/24" } }) { nodes { name } }
  bySix: vms(filter: { address: { inCidr: "2001:db8::/64" } }) { nodes { name } }
  byName: vms(filter: { name: { contains: "WE" } }) { nodes { name } }
}`;

const WEB = [{ name: "web" }];
const DEVICE = { name: "eth0", ipv4Addresses: ["10.0.0.7"], ipv6Addresses: ["2001:db8::7"] };
const ANSWER = {
  vm: {
    name: "web",
    status: "UP",
    nics: [{ id: NIC, macAddress: "56:6f:00:00:00:01", network: "ovirtmgmt", guestInterface: DEVICE }],
    guestInfo: {
      fqdn: "web.example.org",
      ips: ["10.0.0.7", "2001:db8::7"],
      stale: false,
      networkDevices: [DEVICE, { name: "eth1", ipv4Addresses: [], ipv6Addresses: [] }],
    },
  },
  off: { name: "off", status: "DOWN" },
  byAddress: { nodes: WEB },
  byPrefix: { nodes: WEB },
  bySix: { nodes: WEB },
  byName: { nodes: WEB },
};

describe.each(MIGRATIONS.slice(0, -1).map((migration, index) => [migration.name, index + 1] as const))(
  "data of the version whose last migration is %s",
  (_, migrations) => {
    test("are all there after the upgrade, can be searched, and the next passes go on from them", async () => {
      database = await createDatabase({ template: null });
      const { dataSource, store } = database;
      await createOldDatabase(dataSource, migrations);
      expect(await migrate(dataSource)).toHaveLength(MIGRATIONS.length - migrations);
      expect(await askForData(store, QUESTION)).toEqual(ANSWER);

      await store.registerHosts([configuredHost(HOST_A)], 15_000);
      const host = new FakeHost();
      const eth0 = { name: "eth0", hw: "56:6f:00:00:00:01", inet6: ["2001:db8::7"] };
      const pass = async (inet: string) => {
        host.nics = () => [reportedNic({ id: NIC, macAddr: "56:6f:00:00:00:01", name: "vnet0" })];
        host.report = {
          vms: [
            reportedVm({
              vmId: VM,
              vmName: "web",
              hash: "h",
              guestFQDN: "web.example.org",
              netIfaces: [reportedInterface({ ...eth0, inet: [inet] })],
            }),
          ],
          rejected: [],
        };

        const link = createHostLink(configuredHost(HOST_A), host);
        const { outcome, failure } = await runPass(store, link);
        expect([outcome, failure]).toEqual(["done", null]);
      };
      await pass("10.0.0.7");
      const before = await readInstant(dataSource);
      await pass("10.0.0.8");
      const changed = await askForData(
        store,
        `{ vm(id: "${VM}") { guestInfo { ips } was: guestInfo(at: "${before}") { ips } }
           byAddress: vms(filter: { address: { eq: "10.0.0.7" } }) { nodes { name } } }`,
      );
      expect(changed).toMatchObject({
        vm: {
          guestInfo: { ips: ["10.0.0.8", "2001:db8::7"] },
          was: { ips: ["10.0.0.7", "2001:db8::7"] },
        },
        byAddress: { nodes: [] },
      });
    });
  },
);

test.each(["Drift1795950000000", "GuestNames1795950000000"])(
  "of two migrations of one time, a database that has run all but %s gets that one, and the other not again",
  async (missing) => {
    database = await createDatabase({ template: null });
    const { dataSource } = database;
    await migrate(dataSource);
    const queryRunner = dataSource.createQueryRunner();
    const migration = dataSource.migrations.find(({ name }) => name === missing);
    await migration?.down(queryRunner);
    await queryRunner.release();
    await dataSource.query("DELETE FROM vnic_graph_migrations WHERE name = $1", [missing]);
    expect(await migrate(dataSource)).toEqual([missing]);
    expect(await migrate(dataSource)).toEqual([]);
  },
);

test("where the log is compact, nothing is locked to identify its rows for that", async () => {
  database = await createDatabase();
  const queryRunner = database.dataSource.createQueryRunner();
  try {
    await queryRunner.startTransaction();
    await database.dataSource.migrations
      .find(({ name }) => name === "IdentityOfChanges1795975000000")
      ?.up(queryRunner);
    const locks =
      "SELECT relation::regclass::text AS table FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND pid = pg_backend_pid()";
    expect(await queryRunner.query(locks)).toEqual([]);
    await queryRunner.rollbackTransaction();
  } finally {
    await queryRunner.release();
  }
});

/** Makes the tables as that version had them, with rows of its own. */
async function createOldDatabase(dataSource: DataSource, migrations: number): Promise<void> {
  await migrate(dataSource);
  for (let count = MIGRATIONS.length; count > migrations; count -= 1) await dataSource.undoLastMigration();
  for (const statement of OLD_ROWS) await dataSource.query(statement);
  const [table] = await dataSource.query<{ name: string | null }[]>(
    "SELECT to_regclass('vnic_graph_address') AS name",
  );
  if (table!.name !== null) await dataSource.query(OLD_ADDRESSES);
}

async function readInstant(dataSource: DataSource): Promise<string> {
  const [row] = await dataSource.query<{ now: Date }[]>("SELECT clock_timestamp() AS now");
  return row!.now.toISOString();
}
