import { createHash } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { INSIDE_PATTERN, USUAL_BRIDGE_ADDRESSES } from "../../../../src/model/guest/container-names.js";
import { formatDriftKey, listDrift } from "../../../../src/model/guest/drift.js";
import { VM_STATUS } from "../../../../src/model/guest/vm-status.js";
import { VIRTUAL_NAMES, VPN_NAMES } from "../../../../src/model/guest/device-type.js";
import { CARD_NAMES } from "../../../../src/model/guest/missing-interface.js";
import {
  PRIMARY_RULE,
  refreshPrimaryAddresses,
} from "../../../../src/store/changes/spans/primary-addresses.js";
import { advanceAddressIndex } from "../../../../src/store/changes/spans/span-indexer.js";
import { findPrimaryOfVersion } from "../../../../src/store/changes/versions/version-addresses.js";
import { readStoredVmsIn } from "../../../../src/store/write/stored-vms.js";
import { HOST_A, id, mac } from "../../../support/builders/ids.js";
import { claimHost, HOSTS, INTERVAL_MS } from "../../../support/builders/passes.js";
import { hostChanges, toGuestInterfaceOf, toStoredNic } from "../../../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../../../support/databases/database.js";
import { until } from "../../until.js";
import { addVms, storedVm } from "../log-fixtures.js";

const NUMBERS = [1, 2, 3, 4, 5, 6, 7];
const SMALL = { vms: 2, changes: 100 };

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  await addVms(
    database.store,
    NUMBERS.map((number) => {
      const docker = { name: "docker0", macAddress: mac(900 + number), ipv4Addresses: ["172.17.0.1"] };
      const eth = { name: "eth0", macAddress: mac(number), ipv4Addresses: [`10.0.0.${number}`] };
      // One guest reports addresses alone, one nothing.
      if (number === 6)
        return storedVm(6, { silence: "ips-only", interfaces: [], ips: "172.17.0.1 10.0.0.6" });
      if (number === 7) return storedVm(7, { silence: "absent", interfaces: [], ips: null });
      return storedVm(number, {
        interfaces: [docker, eth].map((each) => toGuestInterfaceOf(number, each)),
        nics: [toStoredNic(number, number, { macAddress: mac(number) })],
      });
    }),
  );
});

afterAll(() => database.drop());

/** As a gateway with another rule left them. */
beforeEach(async () => {
  await followToEnd();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query("SET vnic_graph.writer = 'pass'");
  await client.query("UPDATE vnic_graph_vm SET primary_address = '172.17.0.1'");
  await client.end();
  await note(null);
});

const RIGHT = [...[1, 2, 3, 4, 5, 6].map((number) => `10.0.0.${number}`), null];

test("after an upgrade with another rule, the addresses that VMs are sorted by are found anew, once and a few at a time", async () => {
  const edits = await readEdits();
  expect(await advanceAddressIndex(database.dataSource, SMALL)).toBe("more");
  expect(await readAddresses()).toEqual([...RIGHT.slice(0, 2), ...new Array<string>(5).fill("172.17.0.1")]);
  await followToEnd();
  expect(await readAddresses()).toEqual(RIGHT);
  // Nobody edited a VM by hand, so that what is kept of them holds.
  expect(await readEdits()).toEqual(edits);
  const written = await readVersions();
  await note(null);
  await followToEnd();
  expect(await readVersions()).toEqual(written);
  database.statements();
  await followToEnd();
  expect(database.statements().filter((sql) => sql.includes("primary_to"))).toEqual([]);
});

test("after an upgrade with another rule, drift that an older one found is found anew, too", async () => {
  const before = await readDrift();
  expect(before).toHaveLength(5);
  const read = () =>
    database.dataSource.query<unknown[]>("SELECT *, xmin, ctid FROM vnic_graph_drift ORDER BY vm_id");
  const rows = await read();
  await note(null);
  await followToEnd();
  expect(await read()).toEqual(rows);
  for (const statement of [
    "UPDATE vnic_graph_drift SET kind = 6",
    `DELETE FROM vnic_graph_drift WHERE vm_id = '${id(2)}'`,
    `INSERT INTO vnic_graph_drift (vm_id, kind, key) VALUES ('${id(7)}', 6, '- vmbr1')`,
  ])
    await database.dataSource.query(statement);
  await note(null);
  await followToEnd();
  expect(await readDrift()).toEqual(before);
});

test("a pass that waits for a VM of which drift is found anew holds no drift that this would wait for", async () => {
  const vm = (await readStoredVmsIn(database.dataSource, [], [id(3)]))[0]!;
  const refresh = new pg.Client({ connectionString: database.url });
  await refresh.connect();
  try {
    await refresh.query("BEGIN");
    await refresh.query("SELECT FROM vnic_graph_vm WHERE vm_id = $1 FOR NO KEY UPDATE", [vm.id]);
    const after = { ...vm, interfaces: vm.interfaces.slice(1) };
    const pass = database.store.apply(
      await claimHost(database.store, HOST_A),
      hostChanges({ deletedInterfaces: vm.interfaces.slice(0, 1) }),
      { vmCount: 1, durationMs: 1, visibleChanges: [{ before: vm, after }] },
    );
    const waiting =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    await until(async () => (await refresh.query(waiting)).rowCount === 1);
    await refresh.query("SELECT FROM vnic_graph_drift WHERE vm_id = $1 FOR UPDATE NOWAIT", [vm.id]);
    await refresh.query("COMMIT");
    expect(await pass).toBe(true);
    expect(await readDrift()).toHaveLength(4);
  } finally {
    await refresh.end();
  }
});

test.each([
  ["no rule is noted", null],
  ["an older rule's refresh was not finished", -(PRIMARY_RULE - 1)],
  ["an older rule's was", PRIMARY_RULE - 1],
])("a refresh goes on from the place of its own rule alone: %s", async (_, rule) => {
  await note(rule, id(4));
  expect(await advanceAddressIndex(database.dataSource, SMALL)).toBe("more");
  expect(await readAddresses()).toEqual([...RIGHT.slice(0, 2), ...new Array<string>(5).fill("172.17.0.1")]);
  // What it has found itself, it does not find again.
  await note(-PRIMARY_RULE, id(4));
  await followToEnd();
  expect(await readAddresses()).toEqual([
    ...RIGHT.slice(0, 2),
    "172.17.0.1",
    "172.17.0.1",
    ...RIGHT.slice(4),
  ]);
  expect(await readNote()).toEqual({ rule: PRIMARY_RULE, to: null });
});

test.each([
  ["has found", PRIMARY_RULE + 1],
  ["finds", -(PRIMARY_RULE + 1)],
])("a gateway with an older rule leaves alone what a newer one %s", async (_, rule) => {
  await note(rule, id(2));
  await followToEnd();
  expect(await refreshPrimaryAddresses(database.dataSource, 2)).toBe("current");
  expect(await readAddresses()).toEqual(NUMBERS.map(() => "172.17.0.1"));
  expect(await readNote()).toEqual({ rule, to: id(2) });
});

test("a gateway that looked before another one did the last step begins no second refresh", async () => {
  await note(PRIMARY_RULE);
  expect(await refreshPrimaryAddresses(database.dataSource, 2)).toBe("current");
  expect(await readAddresses()).toEqual(NUMBERS.map(() => "172.17.0.1"));
  expect(await readNote()).toEqual({ rule: PRIMARY_RULE, to: null });
});

test("nobody waits: a VM that a pass has locked is found anew when the pass has ended", async () => {
  const pass = new pg.Client({ connectionString: database.url });
  await pass.connect();
  try {
    await pass.query("BEGIN");
    await pass.query("SELECT FROM vnic_graph_vm WHERE vm_id = $1 FOR UPDATE", [id(4)]);
    await followToEnd();
    expect(await readAddresses()).toEqual([...RIGHT.slice(0, 3), ...new Array<string>(4).fill("172.17.0.1")]);
    await pass.query("ROLLBACK");
    await followToEnd();
    expect(await readAddresses()).toEqual(RIGHT);
  } finally {
    await pass.end();
  }
});

/**
 * The digest of the answers of the rules for primary addresses and drift. If it differs, a rule has other answers: raise `PRIMARY_RULE`,
 * so that the stored ones of VMs that do not change are found anew, and write the new digest here.
 */
test("a rule with other answers has another number", () => {
  expect([PRIMARY_RULE, digestAnswers()]).toEqual([7, "npyUCWDdEI_2"]);
});

function digestAnswers(): string {
  let state = 20_261_128;
  const pick = <Item>(items: readonly Item[]): Item => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return items[Math.floor((state / 2_147_483_648) * items.length)]!;
  };
  const some = (most: number, from: readonly string[]) =>
    Array.from({ length: Math.floor(pick([0, 1, 1, 2, 3]) % (most + 1)) }, () => pick(from));
  // Samples meet a few of the names alone.
  const hash = createHash("sha256").update(
    [INSIDE_PATTERN, VPN_NAMES, VIRTUAL_NAMES, CARD_NAMES, ...USUAL_BRIDGE_ADDRESSES].join(" "),
  );
  for (let guest = 0; guest < 10_000; guest += 1) {
    const interfaces = Array.from({ length: pick([0, 1, 2, 3, 4, 5]) }, () =>
      toGuestInterfaceOf(1, {
        name: pick(NAMES),
        macAddress: pick(MACS),
        ipv4Addresses: some(2, IPV4),
        ipv6Addresses: some(3, IPV6),
      }),
    );
    const nics = [1, 2, 2].map((n) =>
      toStoredNic(n, 1, { name: pick(["nic1", "nic2", "nic10"]), macAddress: pick([mac(n), null]) }),
    );
    const ips = pick([null, [...some(3, IPV4), ...some(2, IPV6)].join(" ")]);
    const version = { silence: pick(SILENCES), interfaces, nics: pick([nics, nics, null]), ips };
    hash.update(`${findPrimaryOfVersion(version) ?? "-"} `);
    const named = interfaces.map((each) => ({ ...each, name: pick([each.name, ...DRIFT_NAMES]) }));
    const items = listDrift({ status: VM_STATUS.UP, ips: null, interfaces: named, nics });
    hash.update(items.map((item) => `${item.kind} ${formatDriftKey(item)}`).join());
  }
  return hash.digest("base64url").slice(0, 12);
}

const SILENCES = [null, "absent", "silent", "ips-only", "invalid", "partial"] as const;
const NAMES = [
  ...["eth0", "eth0.7", "bond0", "br0", "lo", "dummy0", "docker0", "cali12345", "wg0", "tap0", "tailscale0"],
  ...["vrrp.51", "Ethernet 2", "vEthernet (WSL)", null],
];
const DRIFT_NAMES = [
  ...[
    "eth1",
    "bond-mgmt",
    "team0",
    "lagg0",
    "vmbr1",
    "br_lan",
    "br-0a1b2c3d4e5f",
    "vlan7",
    "vrrp.51",
    "ovpns1",
    "wt0",
  ],
  ...[
    "isatap.{12345678-0000}",
    "ip_vti0",
    "vEthernet (Default Switch)",
    "Ethernet 3* 11",
    "Radmin VPN",
    "macvtap0",
  ],
];
const MACS = [
  mac(1),
  mac(2),
  mac(1).toUpperCase(),
  mac(9),
  "00:00:00:00:00:00",
  "00:00:00:00:00:00:00:e0",
  null,
];
const IPV4 = [
  ...["10.0.0.5", "10.0.0.6", "192.168.122.1", "172.17.0.1", "100.64.0.5", "169.254.1.1", "127.0.0.1"],
  ...["192.0.0.2", "192.0.0.8", "198.19.0.1", "100.128.0.1", "224.0.0.1"],
];
const IPV6 = [
  ...[
    "2001:db8::5",
    "2001:db8::91ac:1b2c:3d4e:5f60",
    "2001:db8::546f:ff:fe00:1",
    "fd00::5",
    "fe80::1",
    "::1",
  ],
  ...["2002:c000:204::5", "2001:0:53aa:64c::1", "2001:1::5", "fec0::5", "::ffff:10.0.0.7"],
];

async function followToEnd(): Promise<void> {
  for (let step = "more"; step === "more";) step = await advanceAddressIndex(database.dataSource, SMALL);
}

/** Notes a rule, and up to which VM a refresh has come. */
async function note(rule: number | null, to: string | null = null): Promise<void> {
  await database.dataSource.query("UPDATE vnic_graph_address_index SET primary_rule = $1, primary_to = $2", [
    rule,
    to,
  ]);
}

async function readNote(): Promise<unknown> {
  const [noted] = await database.dataSource.query<unknown[]>(
    "SELECT primary_rule AS rule, primary_to AS to FROM vnic_graph_address_index",
  );
  return noted;
}

async function readAddresses(): Promise<(string | null)[]> {
  const rows: { address: string | null }[] = await database.dataSource.query(
    "SELECT host(primary_address) AS address FROM vnic_graph_vm ORDER BY vm_id",
  );
  return rows.map(({ address }) => address);
}

function readVersions(): Promise<unknown[]> {
  return database.dataSource.query("SELECT vm_id, xmin, ctid FROM vnic_graph_vm ORDER BY vm_id");
}

function readDrift(): Promise<unknown[]> {
  return database.dataSource.query("SELECT * FROM vnic_graph_drift ORDER BY vm_id, kind, key");
}

function readEdits(): Promise<unknown[]> {
  return database.dataSource.query("SELECT tx FROM vnic_graph_edit ORDER BY tx");
}
