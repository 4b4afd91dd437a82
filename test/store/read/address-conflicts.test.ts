import fc from "fast-check";
import type { QueryRunner } from "typeorm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findAddressScope } from "../../../src/model/address/address-scope.js";
import { parseAddress, parseCidr } from "../../../src/model/address/cidr.js";
import { matchReaching } from "../../../src/store/read/address-conflicts.js";
import { createReader } from "../../../src/store/read/reader.js";
import type { VmScope } from "../../../src/store/types.js";
import { mac, uuid } from "../../support/builders/ids.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { readPlainly } from "./plain-conflicts.js";

let database: TestDatabase;
let connection: QueryRunner;

beforeAll(async () => {
  database = await createDatabase();
  connection = database.dataSource.createQueryRunner();
  await connection.query("SET session_replication_role = replica");
});

afterAll(async () => {
  await connection.release();
  await database.drop();
});

/** Those of the first list reach others, and two of them are usual for bridges of containers; the others do not. */
const address = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("10.0.0.1", "10.0.0.2", "172.17.0.1", "192.168.122.1", "2001:db8::1"),
  },
  fc.constantFrom("::ffff:10.0.0.1", "10.0.1.1", "127.0.0.1", "169.254.1.1", "::1", "fe80::1"),
);

const vm = fc.record({
  /** The networks of its vNICs; an empty one is not known. */
  networks: fc.array(fc.constantFrom("red", "blue", ""), { maxLength: 2 }),
  interfaces: fc.array(
    fc.record({
      name: fc.constantFrom("eth0", "docker0", "veth1", "BR-0123456789ab", null),
      /** Which of its vNICs has the same MAC; there may be none. */
      nic: fc.nat(2),
      ips: fc.uniqueArray(address, { maxLength: 3 }),
    }),
    { maxLength: 3 },
  ),
  /** Addresses that the guest reports without an interface. */
  ips: fc.uniqueArray(address, { maxLength: 2 }),
});

type Vm = typeof vm extends fc.Arbitrary<infer Value> ? Value : never;

const question = fc.record({
  within: fc
    .constantFrom(null, "10.0.0.0/24", "0.0.0.0/0", "::/0", "172.16.0.0/12")
    .map((text) => (text === null ? null : parseCidr(text))),
  network: fc.constantFrom(null, "red", "green"),
  after: fc.option(address, { freq: 1 }),
  limit: fc.integer({ min: 1, max: 8 }),
});

const scope = fc.constantFrom<VmScope | null>(null, {
  namePatterns: ["vm-[0-5]", "vm-1", "vm-2", "vm-3"],
  hostIds: [],
  vmIds: [uuid(1, 4)],
});

test("conflicts are what the plain statement finds, page by page and counted, whatever the VMs, question and scope", async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(vm, { maxLength: 7, size: "max" }),
      fc.array(fc.tuple(question, scope), { minLength: 4, maxLength: 4 }),
      async (vms, questions) => {
        await storeVms(vms);
        for (const [asked, seen] of questions) {
          const reads = createReader(connection, seen);
          const rows = await reads.readAddressConflicts(asked);
          expect(rows).toEqual(await readPlainly(connection, asked, seen));
          const all = await readPlainly(connection, { ...asked, after: null, limit: 100 }, seen);
          expect(await reads.countAddressConflicts(asked)).toBe(all.length);
          found += rows.length;
        }
      },
    ),
    { numRuns: 60 },
  );
  expect(found).toBeGreaterThan(20);
});

test.each([
  ...[
    "0.0.0.1",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.1.1",
    "192.0.0.4",
    "192.0.0.8",
    "198.18.0.1",
  ],
  ...["224.0.0.1", "255.255.255.255", "::", "::1", "::a00:1", "2001:db8::1", "2001::1", "2002::1", "fd00::1"],
  ...["fe80::1", "ff02::1", "::ffff:0.0.0.1", "::ffff:10.0.0.1", "::ffff:100.64.0.1", "::ffff:127.0.0.1"],
  ...[
    "::ffff:169.254.1.1",
    "::ffff:192.0.0.4",
    "::ffff:192.0.0.8",
    "::ffff:224.0.0.1",
    "::ffff:255.255.255.255",
  ],
])("PostgreSQL judges how far %s reaches as everybody else does", async (text) => {
  const scope = findAddressScope(parseAddress(text)!);
  const rows: unknown = await connection.query(
    `SELECT ${matchReaching("a.address")} AS reaches FROM (SELECT $1::inet AS address) a`,
    [text],
  );
  expect(rows).toEqual([{ reaches: scope !== null && scope !== "link-local" }]);
});

async function storeVms(vms: readonly Vm[]): Promise<void> {
  await connection.query(
    "TRUNCATE vm_static, vm_dynamic, vm_interface, vnic_graph_nic, vm_guest_agent_interfaces, vnic_graph_address CASCADE",
  );
  for (const [number, { networks, interfaces, ips }] of vms.entries()) {
    const vmId = uuid(1, number);
    await connection.query("INSERT INTO vm_static (vm_guid, vm_name) VALUES ($1, $2)", [
      vmId,
      `vm-${number}`,
    ]);
    await connection.query("INSERT INTO vm_dynamic (vm_guid, status, vm_ip) VALUES ($1, 1, $2)", [
      vmId,
      ips.join(" "),
    ]);
    for (const [at, network] of networks.entries()) {
      const nicId = uuid(2, number * 10 + at);
      await connection.query(
        "INSERT INTO vm_interface (id, vm_guid, name, mac_addr) VALUES ($1, $2, 'nic', $3)",
        [nicId, vmId, mac(number * 10 + at)],
      );
      if (network === "") continue;
      await connection.query("INSERT INTO vnic_graph_nic (nic_id, vm_id, network) VALUES ($1, $2, $3)", [
        nicId,
        vmId,
        network,
      ]);
    }
    for (const { name, nic, ips: of } of interfaces) {
      const [ipv4, ipv6] = [of.filter((ip) => !ip.includes(":")), of.filter((ip) => ip.includes(":"))];
      await connection.query(
        `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name, mac_address, ipv4_addresses, ipv6_addresses)
         VALUES ($1, $2, $3, $4, $5)`,
        [vmId, name, mac(number * 10 + nic), ipv4.join(","), ipv6.join(",")],
      );
    }
    const held = new Set([...ips, ...interfaces.flatMap((each) => each.ips)]);
    await connection.query("INSERT INTO vnic_graph_address (vm_id, address) SELECT $1, unnest($2::inet[])", [
      vmId,
      [...held],
    ]);
  }
}
