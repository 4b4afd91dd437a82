import { createEngineStore } from "../../src/engine-store/engine-store.js";
import type { EngineStore } from "../../src/engine-store/engine-store.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic } from "../support/builders/stored.js";
import { addVms, storedVm } from "../store/changes/log-fixtures.js";
import { createEngineDatabase, type EngineDatabase } from "./engine-database.js";

/** One fleet, as passes wrote it and as an engine would keep it. */
export interface MirroredFleet {
  readonly database: TestDatabase;
  readonly engine: EngineDatabase;
  readonly store: EngineStore;
  drop(): Promise<void>;
}

/** Makes a fleet of VMs that chance gave interfaces, vNICs and addresses, in both sources. The same seed gives the same fleet. */
export async function createMirroredFleet(seed: number, size = 80): Promise<MirroredFleet> {
  const [database, engine] = await Promise.all([createDatabase(), createEngineDatabase()]);
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  const pick = createPick(seed);
  const vms = Array.from({ length: size }, (_, at) => makeVm(at + 1, pick));
  await addVms(database.store, vms.slice(0, size / 2), HOST_A);
  await addVms(database.store, vms.slice(size / 2), HOST_B);
  await mirror(database, engine);
  const store = createEngineStore(engine.dataSource);
  return {
    database,
    engine,
    store,
    drop: async () => {
      await Promise.all([database.drop(), engine.drop()]);
    },
  };
}

type Pick = <Item>(items: readonly Item[]) => Item;

function createPick(seed: number): Pick {
  let state = seed;
  return (items) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return items[Math.floor((state / 2_147_483_648) * items.length)]!;
  };
}

const NAMES = [
  "eth0",
  "eth1",
  "ens3",
  "docker0",
  "bond0",
  "br0",
  "wg0",
  "dummy0",
  "eth0.7",
  "vrrp.51",
  "Ethernet 2",
  "lo",
];
const IPV4 = ["10.0.0.5", "10.0.0.6", "10.0.1.7", "172.17.0.1", "169.254.3.4", "100.64.0.9", "192.0.0.2"];
const IPV6 = [
  ...["fe80::1", "2001:db8::5", "2001:db8::aaaa:bbbb:cccc:dddd", "fd00::7", "::ffff:10.0.0.5"],
  ...["2001:db8::546f:ff:fe00:3", "::a00:5", "::ffff:0:10.0.0.5"],
];

function makeVm(number: number, pick: Pick) {
  const nics = Array.from({ length: pick([0, 1, 1, 2, 3]) }, (_, at) =>
    toStoredNic(number * 10 + at, number, {
      name: `nic${at + 1}`,
      macAddress: mac(pick([number * 10 + at, number * 10 + at, pick([1, 2, 3])])),
      network: pick(["red", "blue", null]),
    }),
  );
  const macs = [...nics.map(({ macAddress }) => macAddress), mac(900 + number), mac(3), null];
  const choose = (from: readonly string[]) => [
    ...new Set(Array.from({ length: pick([0, 1, 1, 2]) }, () => pick(from))),
  ];
  const interfaces = [...new Set(Array.from({ length: pick([0, 1, 2, 3, 4]) }, () => pick(NAMES)))]
    .sort()
    .map((name) =>
      toGuestInterfaceOf(number, {
        name,
        macAddress: pick(macs),
        ipv4Addresses: choose(IPV4),
        ipv6Addresses: choose(IPV6),
      }),
    );
  const values = { ownerId: number <= 40 ? HOST_A : HOST_B, nics, inventoryHash: "77" };
  const kind = pick(["up", "up", "up", "up", "up", "down", "absent"] as const);
  if (kind === "down") return storedVm(number, { ...values, status: 0, interfaces: [], ips: null });
  if (kind === "absent") return storedVm(number, { ...values, silence: "absent", interfaces: [], ips: null });
  const ips = interfaces
    .flatMap((each) => each.ipv4Addresses)
    .concat(interfaces.flatMap((each) => each.ipv6Addresses));
  return storedVm(number, {
    ...values,
    interfaces,
    ips: ips.length === 0 ? null : [...new Set(ips)].join(" "),
  });
}

const LOOPBACK_SPELLINGS = [
  ...["::ffff:7f00:1", "0000:0000:0000:0000:0000:0000:0000:0001", "::FFFF:127.0.0.1", "::FFFF:7F00:35"],
  ...["0:0:0:0:0:ffff:127.0.0.1", "::0.0.0.1", "::ffff:0:127.0.0.1", "0::1"],
];

type Row = Readonly<Record<string, string | number | null>>;

/** Copies rows into the tables of an engine, where networks are in vNIC profiles, and every other row has loopback addresses, too. */
async function mirror(database: TestDatabase, engine: EngineDatabase): Promise<void> {
  const copy = async (select: string, insert: (row: Row) => string) => {
    const rows: Row[] = await database.dataSource.query(select);
    await engine.asEngine(...rows.map(insert));
  };
  const text = (value: Row[string] | undefined) => (value == null ? "NULL" : `'${String(value)}'`);
  const values = (row: Row) => Object.values(row).map(text).join(", ");
  const networks = { red: id(5_001), blue: id(5_002) };
  for (const [name, networkId] of Object.entries(networks)) {
    await engine.asEngine(
      `INSERT INTO network (id, name) VALUES ('${networkId}', '${name}')`,
      `INSERT INTO vnic_profiles (id, name, network_id) VALUES ('${networkId}', 'p', '${networkId}')`,
    );
  }
  await copy(
    "SELECT vds_id, vds_name, host_name, port FROM vds_static",
    (row) => `INSERT INTO vds_static (vds_id, vds_name, host_name, port) VALUES (${values(row)})`,
  );
  await engine.asEngine("INSERT INTO vds_dynamic (vds_id, status) SELECT vds_id, 3 FROM vds_static");
  await copy(
    "SELECT vm_guid, vm_name FROM vm_static",
    (row) =>
      `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid) VALUES (${values(row)}, 'VM', ${text(row["vm_guid"])})`,
  );
  await copy(
    `SELECT d.vm_guid, d.status, d.run_on_vds, d.vm_ip, CASE WHEN r.silence IS NULL AND d.status = 1 THEN 47 ELSE 0 END
       FROM vm_dynamic d JOIN vnic_graph_vm r ON r.vm_id = d.vm_guid`,
    (row) =>
      `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds, vm_ip, guest_agent_nics_hash) VALUES (${values(row)})`,
  );
  await engine.asEngine(
    `UPDATE vm_dynamic SET vm_ip = concat_ws(' ', '127.0.0.53', vm_ip, '::1')
      WHERE guest_agent_nics_hash <> 0 AND right(vm_guid::text, 1) < '8'`,
  );
  await copy(
    `SELECT i.id, i.vm_guid, i.name, i.mac_addr, CASE e.network WHEN 'red' THEN '${networks.red}' WHEN 'blue' THEN '${networks.blue}' END
       FROM vm_interface i LEFT JOIN vnic_graph_nic e ON e.nic_id = i.id`,
    (row) =>
      `INSERT INTO vm_interface (id, vm_guid, name, mac_addr, vnic_profile_id) VALUES (${values(row)})`,
  );
  await copy(
    "SELECT vm_id, interface_name, mac_address, ipv4_addresses, ipv6_addresses FROM vm_guest_agent_interfaces",
    (row) => `INSERT INTO vm_guest_agent_interfaces VALUES (${values(row)})`,
  );
  await engine.asEngine(
    `UPDATE vm_guest_agent_interfaces SET ipv4_addresses = concat_ws(',', nullif(ipv4_addresses, ''), '127.0.0.1'),
        ipv6_addresses = concat_ws(',', '::1', nullif(ipv6_addresses, ''), '0:0:0:0:0:0:0:1%lo', '::ffff:127.0.0.2')
      WHERE right(vm_id::text, 1) > '4'`,
    ...LOOPBACK_SPELLINGS.flatMap((spelling, at) => [
      `UPDATE vm_dynamic SET vm_ip = concat_ws(' ', '${spelling}', vm_ip)
        WHERE guest_agent_nics_hash <> 0 AND right(vm_guid::text, 1) = '${at}'`,
      `UPDATE vm_guest_agent_interfaces SET ipv6_addresses = concat_ws(',', nullif(ipv6_addresses, ''), '${spelling}')
        WHERE right(vm_id::text, 1) = '${at}'`,
    ]),
  );
}
