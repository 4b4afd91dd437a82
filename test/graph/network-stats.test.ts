import { afterAll, beforeAll, expect, test } from "vitest";
import { MOST_STATS_ROWS } from "../../src/model/limits.js";
import type { ReadStore } from "../../src/store/types.js";
import { addVms, storedVm } from "../store/changes/log-fixtures.js";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { claimHost, HOSTS, INTERVAL_MS } from "../support/builders/passes.js";
import {
  hostChanges,
  toGuestInterfaceOf,
  toStoredNic,
  vmChange,
  vmState,
} from "../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { askForData } from "./support/ask.js";

let database: TestDatabase;

const eth = (number: number, ipv4Addresses: string[], ipv6Addresses: string[] = [], nicNumber = number) =>
  toGuestInterfaceOf(number, {
    name: `eth${nicNumber}`,
    macAddress: mac(nicNumber),
    ipv4Addresses,
    ipv6Addresses,
  });
const nic = (number: number, vm: number, network: string | null) =>
  toStoredNic(number, vm, { macAddress: mac(number), network });
const bridge = (number: number) =>
  toGuestInterfaceOf(number, {
    name: "docker0",
    macAddress: mac(900 + number),
    ipv4Addresses: ["172.17.0.1"],
  });

/** On host A, unless said otherwise. 10.0.0.5 is a conflict of 1 and 2; docker0's address is none. */
const VMS = [
  storedVm(1, {
    interfaces: [eth(1, ["10.0.0.5"], ["2001:db8::1"]), eth(1, ["10.1.0.1"], [], 11), bridge(1)],
    nics: [nic(1, 1, "red"), nic(11, 1, "blue")],
  }),
  storedVm(2, { interfaces: [eth(2, ["10.0.0.5"]), bridge(2)], nics: [nic(2, 2, "red")] }),
  // An interface without a vNIC is on no network; a mapped address is of IPv4.
  storedVm(3, { interfaces: [eth(3, ["10.0.0.9"], ["::ffff:10.0.0.8"])], nics: [nic(30, 3, null)] }),
  storedVm(4, { silence: "absent", interfaces: [], ips: null, nics: [nic(4, 4, "red")] }),
  storedVm(5, { status: 0, interfaces: [], ips: null, nics: [] }),
].map((vm) => ({
  ...vm,
  ips: vm.ips && vm.interfaces.flatMap((each) => [...each.ipv4Addresses, ...each.ipv6Addresses]).join(" "),
}));

beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  await addVms(database.store, VMS.slice(0, 3));
  await addVms(database.store, VMS.slice(3, 4), HOST_B);
  await addVms(database.store, VMS.slice(4));
  const ended = { changedVms: [vmChange(vmState(5, { status: 0 }), { ownerId: null })] };
  await database.store.apply(await claimHost(database.store, HOST_A), hostChanges(ended), {
    vmCount: 3,
    durationMs: 1,
    visibleChanges: [],
  });
  await database.dataSource.query("UPDATE vm_dynamic SET run_on_vds = $1 WHERE vm_guid = $2", [
    HOST_B,
    id(4),
  ]);
});

afterAll(() => database.drop());

type Row = readonly [key: string | null, vms: number, vnics: number, addresses: number, conflicts: number];

async function count(by: string, key: string, filter = "", reader: ReadStore = database.store) {
  const data = (await askForData(
    reader,
    `{ stats: guestNetworkStats(by: ${by} ${filter}) { groupCount leftOut rows { key: ${key} vms vnics addresses conflicts } } }`,
  )) as { stats: { groupCount: number; leftOut: number; rows: Record<string, unknown>[] } };
  expect(data.stats).toMatchObject({ groupCount: data.stats.rows.length, leftOut: 0 });
  return data.stats.rows.map(({ key: value, vms, vnics, addresses, conflicts }) => [
    typeof value === "object" && value !== null ? Object.values(value)[0] : value,
    ...[vms, vnics, addresses, conflicts],
  ]);
}

test.each<[by: string, key: string, filter: string, rows: Row[]]>([
  [
    "HOST",
    "host { name }",
    "",
    [
      ["host-a", 3, 4, 8, 1],
      [null, 1, 0, 0, 0],
      ["host-b", 1, 1, 0, 0],
    ],
  ],
  [
    "NETWORK",
    "network",
    "",
    [
      ["red", 3, 3, 3, 1],
      [null, 1, 1, 0, 0],
      ["blue", 1, 1, 1, 0],
    ],
  ],
  [
    "FAMILY",
    "family",
    "",
    [
      ["IPV4", 3, 4, 7, 1],
      [null, 2, 1, 0, 0],
      ["IPV6", 1, 2, 1, 0],
    ],
  ],
  [
    "STALE_REASON",
    "staleReason",
    "",
    [
      [null, 4, 4, 8, 1],
      ["AGENT_ABSENT", 1, 1, 0, 0],
    ],
  ],
  // The other VM of the conflict need not be counted itself.
  [
    "NETWORK",
    "network",
    'filter: { network: { eq: "blue" } }',
    [
      ["blue", 1, 1, 1, 0],
      ["red", 1, 1, 2, 1],
    ],
  ],
  ["HOST", "host { name }", 'filter: { address: { inCidr: "192.0.2.0/24" } }', []],
])("by %s, %s %s", async (by, key, filter, rows) => {
  expect(await count(by, key, filter)).toEqual(rows);
});

test("figures cost one statement, and one more for the hosts' names", async () => {
  for (const [selection, statements] of [
    ["vms vnics addresses conflicts", 1],
    ["host { name } vms", 2],
  ] as const) {
    database.statements();
    await askForData(database.store, `{ guestNetworkStats(by: HOST) { rows { ${selection} } leftOut } }`);
    expect(database.statements()).toHaveLength(statements);
  }
});

test("a viewer with a scope is told figures of its VMs, and conflicts among these alone", async () => {
  const reader = database.store.createReaderFor({ namePatterns: [], hostIds: [], vmIds: [id(1), id(4)] });
  expect(await count("NETWORK", "network", "", reader)).toEqual([
    ["red", 2, 2, 2, 0],
    ["blue", 1, 1, 1, 0],
  ]);
});

test("of more groups than are told, those with the most VMs come, and the rest is counted", async () => {
  const other = await createDatabase();
  try {
    await other.store.registerHosts(HOSTS, INTERVAL_MS);
    const networks = Array.from({ length: MOST_STATS_ROWS + 7 }, (_, number) =>
      nic(number, 1, `net-${number}`),
    );
    await addVms(other.store, [
      storedVm(1, { interfaces: [], ips: null, nics: networks }),
      storedVm(2, { interfaces: [], ips: null, nics: [nic(5_000, 2, "net-99")] }),
    ]);
    const { guestNetworkStats: stats } = (await askForData(
      other.store,
      "{ guestNetworkStats(by: NETWORK) { groupCount leftOut rows { network vms } } }",
    )) as { guestNetworkStats: { groupCount: number; leftOut: number; rows: unknown[] } };
    expect(stats).toMatchObject({ groupCount: MOST_STATS_ROWS + 7, leftOut: 7 });
    expect(stats.rows).toHaveLength(MOST_STATS_ROWS);
    expect(stats.rows[0]).toEqual({ network: "net-99", vms: 2 });
  } finally {
    await other.drop();
  }
});
