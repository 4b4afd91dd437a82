import { createEngineStore } from "../../../src/engine-store/engine-store.js";
import type { ReadStore } from "../../../src/store/types.js";
import { createEngineDatabase, type EngineDatabase } from "../../engine-store/engine-database.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { HOST_A, HOST_B, id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic, vmState } from "../../support/builders/stored.js";

/** The two sources with the same VMs. */
export interface TwoSources {
  readonly database: TestDatabase;
  readonly engine: EngineDatabase;
  readonly sources: Readonly<Record<"own" | "engine", ReadStore>>;
  /** Counts the statements since the last call. */
  countStatements(): number;
  drop(): Promise<void>;
}

/**
 * The same four VMs in both sources: `web` (with a tunnel) and `Db` have addresses, `mapped` an IPv4 address in IPv6's clothes, and `mute`
 * has an agent that never spoke.
 */
const GUESTS = [
  {
    number: 1,
    name: "web",
    fqdn: "web.example",
    v4: ["10.0.1.5", "192.168.7.1"],
    v6: ["2001:db8::5"],
    network: "red",
  },
  { number: 2, name: "Db", fqdn: "db.example", v4: ["10.0.2.5"], v6: ["fd00::5"], network: "blue" },
  { number: 3, name: "mapped", fqdn: null, v4: [], v6: ["::ffff:10.0.3.5"], network: "red" },
] as const;

/** The MAC of a VM, inside and outside. */
export const guestMac = (number: number) => `56:6f:00:00:00:0${number}`;
const ips = (guest: (typeof GUESTS)[number]) => [...guest.v4, ...guest.v6].join(" ");

/** Creates both. */
export async function createTwoSources(): Promise<TwoSources> {
  const database = await createDatabase();
  const { store } = database;
  await store.registerHosts(HOSTS, INTERVAL_MS);
  await writePass(store, HOST_A, {
    newVms: [
      ...GUESTS.map((guest) =>
        vmState(guest.number, { name: guest.name, fqdn: guest.fqdn, ips: ips(guest) }),
      ),
      vmState(4, { name: "mute", silence: "absent" }),
    ],
    insertedInterfaces: [
      ...GUESTS.map(({ number, v4, v6 }) =>
        toGuestInterfaceOf(number, {
          name: `eth${number}`,
          macAddress: guestMac(number),
          ipv4Addresses: v4,
          ipv6Addresses: v6,
        }),
      ),
      toGuestInterfaceOf(1, { name: "wg7", macAddress: null, ipv4Addresses: [] }),
    ],
    upsertedNics: GUESTS.map(({ number, network }) =>
      toStoredNic(number, number, { macAddress: guestMac(number), network }),
    ),
  });
  await writePass(store, HOST_B, {});
  const engine = await createEngineDatabase();
  await engine.asEngine(
    `INSERT INTO vds_static (vds_id, vds_name, host_name, port) VALUES ('${HOST_A}', 'host-a', '192.0.2.10', 54321)`,
    `INSERT INTO vds_dynamic (vds_id, status) VALUES ('${HOST_A}', 3)`,
    `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid) VALUES ('${id(4)}', 'mute', 'VM', '${id(4)}')`,
    `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds) VALUES ('${id(4)}', 1, '${HOST_A}')`,
    ...GUESTS.flatMap((guest) => {
      const { number, name, fqdn, v4, v6, network } = guest;
      const vmId = id(number);
      return [
        `INSERT INTO network (id, name) VALUES ('${id(number + 64)}', '${network}')`,
        `INSERT INTO vnic_profiles (id, name, network_id) VALUES ('${id(number + 64)}', 'p', '${id(number + 64)}')`,
        `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid) VALUES ('${vmId}', '${name}', 'VM', '${vmId}')`,
        `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds, vm_ip, vm_fqdn, guest_agent_nics_hash)
           VALUES ('${vmId}', 1, '${HOST_A}', '${ips(guest)} not-an-address', ${fqdn === null ? "NULL" : `'${fqdn}'`}, 47)`,
        `INSERT INTO vm_interface (id, vm_guid, name, mac_addr, vnic_profile_id)
           VALUES ('${id(number + 128)}', '${vmId}', 'nic1', '${guestMac(number)}', '${id(number + 64)}')`,
        `INSERT INTO vm_guest_agent_interfaces
           VALUES ('${vmId}', 'eth${number}', '${guestMac(number).toUpperCase()}', '${v4.join(",")}', '${v6.join(",").toUpperCase()},junk')`,
      ];
    }),
    `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name) VALUES ('${id(1)}', 'wg7')`,
  );
  return {
    database,
    engine,
    sources: { own: store, engine: createEngineStore(engine.dataSource) },
    countStatements: () => database.statements().length + engine.sent().length,
    drop: async () => {
      await Promise.all([database.drop(), engine.drop()]);
    },
  };
}
