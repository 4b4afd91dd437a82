import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../../src/store/postgres/migrate.js";
import { createEngineStore } from "../../src/engine-store/engine-store.js";
import type { ReadStore } from "../../src/store/types.js";
import { addVms, storedVm } from "../store/changes/log-fixtures.js";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, claimHost } from "../support/builders/passes.js";
import { hostChanges, toGuestInterfaceOf, toStoredNic } from "../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { createEngineDatabase } from "../engine-store/engine-database.js";
import { askForData, askForErrors } from "./support/ask.js";

let database: TestDatabase;
let store: ReadStore;

const eth = (number: number, ipv4Addresses: string[], values: object = {}) =>
  toGuestInterfaceOf(number, { macAddress: mac(number), ipv4Addresses, ...values });
const docker = (number: number) =>
  toGuestInterfaceOf(number, {
    name: "docker0",
    macAddress: mac(900 + number),
    ipv4Addresses: ["172.17.0.1"],
  });
const nic = (number: number, network: string | null, macAddress = mac(number)) =>
  toStoredNic(number, number, { macAddress, network });

const VMS = [
  storedVm(1, { interfaces: [eth(1, ["10.0.0.5"]), docker(1)], nics: [nic(1, "red")] }),
  storedVm(2, { interfaces: [eth(2, ["10.0.0.5", "10.0.0.30"]), docker(2)], nics: [nic(2, "red")] }),
  // The same address on another network.
  storedVm(3, { interfaces: [eth(3, ["10.0.0.5"])], nics: [nic(3, "blue")] }),
  storedVm(4, { interfaces: [eth(4, ["10.0.0.9"])], nics: [nic(4, "red")] }),
  storedVm(5, { interfaces: [eth(5, ["10.0.0.9"])], nics: [nic(5, "blue")] }),
  // A router's address: keepalived adds it behind the interface's own, VRRP has a MAC for it.
  storedVm(6, { interfaces: [eth(6, ["10.0.0.61", "10.0.0.60"])], nics: [nic(6, "red")] }),
  storedVm(7, {
    interfaces: [
      eth(7, ["10.0.0.62"]),
      toGuestInterfaceOf(7, {
        name: "vrrp.7",
        macAddress: "00:00:5e:00:01:07",
        ipv4Addresses: ["10.0.0.60"],
      }),
    ],
    nics: [nic(7, "red")],
  }),
  // An agent that reports addresses only: nobody knows on which network.
  storedVm(8, {
    silence: "ips-only",
    interfaces: [],
    ips: "10.0.0.9 ::ffff:10.0.0.70",
    nics: [nic(8, null, mac(1))],
  }),
  storedVm(9, {
    interfaces: [
      toGuestInterfaceOf(9, { macAddress: mac(99), ipv4Addresses: ["9.0.0.1"], ipv6Addresses: ["fe80::1"] }),
    ],
    nics: [nic(9, "red")],
  }),
  storedVm(10, {
    interfaces: [
      toGuestInterfaceOf(10, {
        name: "br0",
        macAddress: mac(801),
        ipv4Addresses: [],
        ipv6Addresses: ["fe80::1"],
      }),
      toGuestInterfaceOf(10, { name: "wg0", macAddress: null, ipv4Addresses: ["10.200.0.1"] }),
      toGuestInterfaceOf(10, {
        name: "eth0.7",
        macAddress: mac(802),
        ipv4Addresses: [],
        ipv6Addresses: ["2001:db8::1"],
      }),
    ],
    nics: [nic(10, "red")],
  }),
].map((vm) => ({
  ...vm,
  ips: vm.ips === "10.1.2.3" ? vm.interfaces.flatMap((each) => each.ipv4Addresses).join(" ") : vm.ips,
}));

beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  await addVms(database.store, VMS);
  store = database.store;
});

afterAll(() => database.drop());

async function ask<Answer>(query: string, reader: ReadStore = store): Promise<Answer> {
  return (await askForData(reader, query)) as Answer;
}

interface Connection<Node> {
  readonly totalCount: number;
  readonly nodes: readonly Node[];
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Reads a list page by page. */
async function readAll<Node>(field: string, args: string, selection: string, size: number): Promise<Node[]> {
  const rows: Node[] = [];
  for (let after = ""; ;) {
    const given = [`first: ${size}`, args, after].filter((each) => each !== "").join(", ");
    const answer = await ask<Record<string, Connection<Node>>>(
      `{ list: ${field}(${given}) { nodes { ${selection} } edges { cursor node { ${selection} } } pageInfo { hasNextPage endCursor } } }`,
    );
    const { nodes, edges, pageInfo } = answer["list"]!;
    expect(edges.map(({ node }) => node)).toEqual(nodes);
    expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor ?? null);
    rows.push(...nodes);
    if (!pageInfo.hasNextPage) return rows;
    after = `after: "${pageInfo.endCursor}"`;
  }
}

describe("guestAddresses", () => {
  const SELECTION = "address vm { id } device { name } vmNic { macAddress }";

  test("are all addresses in the order of their numbers, each with its VM, device and vNIC", async () => {
    const all = await readAll<{ address: string }>("guestAddresses", "", SELECTION, 500);
    expect(all.map(({ address }) => address)).toEqual([
      ...[
        "9.0.0.1",
        "10.0.0.5",
        "10.0.0.5",
        "10.0.0.5",
        "10.0.0.9",
        "10.0.0.9",
        "10.0.0.9",
        "10.0.0.30",
        "10.0.0.60",
      ],
      ...["10.0.0.60", "10.0.0.61", "10.0.0.62", "10.200.0.1", "172.17.0.1", "172.17.0.1"],
      ...["::ffff:10.0.0.70", "2001:db8::1", "fe80::1", "fe80::1"],
    ]);
    expect(all[1]).toEqual({
      address: "10.0.0.5",
      vm: { id: id(1) },
      device: { name: "eth0" },
      vmNic: { macAddress: mac(1) },
    });
    expect(all[6]).toEqual({ address: "10.0.0.9", vm: { id: id(8) }, device: null, vmNic: null });
    for (const size of [1, 3, 19]) expect(await readAll("guestAddresses", "", SELECTION, size)).toEqual(all);
  });

  test.each([
    ["10.0.0.0/8", 13],
    ["10.0.0.9/32", 3],
    ["0.0.0.0/0", 16],
    ["::/0", 4],
    ["fe80::1/128", 2],
    ["10.0.0.70/32", 1],
    ["::ffff:10.0.0.8/125", 3],
    ["192.0.2.0/24", 0],
  ])("are found in %s, mapped ones as IPv4", async (prefix, totalCount) => {
    const answer = await ask<{ guestAddresses: Connection<unknown> }>(
      `{ guestAddresses(inCidr: "${prefix}") { totalCount nodes { address } } }`,
    );
    expect(answer.guestAddresses.totalCount).toBe(totalCount);
    expect(answer.guestAddresses.nodes).toHaveLength(totalCount);
  });
});

describe("addressConflicts", () => {
  const SELECTION = "address kind vmCount holders { vm { id } }";
  const holders = (...numbers: number[]) => numbers.map((number) => ({ vm: { id: id(number) } }));

  test("are addresses of VMs that can meet; routers' are told apart, containers' bridges and links left out", async () => {
    const expected = [
      { address: "10.0.0.5", kind: "DUPLICATE", vmCount: 3, holders: holders(1, 2, 3) },
      { address: "10.0.0.9", kind: "DUPLICATE", vmCount: 3, holders: holders(4, 5, 8) },
      { address: "10.0.0.60", kind: "VIRTUAL_ROUTER", vmCount: 2, holders: holders(6, 7) },
    ];
    expect(await readAll("addressConflicts", "", SELECTION, 500)).toEqual(expected);
    expect(await readAll("addressConflicts", "", SELECTION, 1)).toEqual(expected);
    const { addressConflicts } = await ask<{ addressConflicts: Connection<unknown> }>(
      "{ addressConflicts(first: 1) { totalCount } }",
    );
    expect(addressConflicts.totalCount).toBe(3);
  });

  test.each([
    ['network: "red"', ["10.0.0.5", "10.0.0.9", "10.0.0.60"]],
    ['network: "RED"', ["10.0.0.5", "10.0.0.9", "10.0.0.60"]],
    ['network: "blue"', ["10.0.0.9"]],
    ['within: "10.0.0.0/29"', ["10.0.0.5"]],
    ['within: "::ffff:10.0.0.0/125", network: "red"', ["10.0.0.5"]],
    ['within: "172.16.0.0/12"', []],
  ])("are found by %s", async (args, addresses) => {
    const found = await readAll<{ address: string }>("addressConflicts", args, "address", 500);
    expect(found.map(({ address }) => address)).toEqual(addresses);
  });
});

test("a VM that two hosts say they run is found with both of them, in two statements", async () => {
  const other = await createDatabase();
  try {
    await other.store.registerHosts(HOSTS, INTERVAL_MS);
    await addVms(other.store, [storedVm(1), storedVm(2, { contenderId: HOST_B })]);
    other.statements();
    const query = `{ vms(filter: { onTwoHosts: true }) { nodes { id host { name } otherHost { name } } } }`;
    expect(await askForData(other.store, query)).toEqual({
      vms: { nodes: [{ id: id(2), host: { name: "host-a" }, otherHost: { name: "host-b" } }] },
    });
    expect(other.statements()).toHaveLength(2);
    expect(
      await askForData(
        other.store,
        "{ vms(filter: { onTwoHosts: false }) { totalCount nodes { otherHost { name } } } }",
      ),
    ).toEqual({
      vms: { totalCount: 1, nodes: [{ otherHost: null }] },
    });
  } finally {
    await other.drop();
  }
});

test("macConflicts are MACs of several VMs, with their vNICs", async () => {
  const answer = await ask(
    `{ macConflicts { totalCount nodes { macAddress vmCount vmNics { vm { id } } } } }`,
  );
  expect(answer).toEqual({
    macConflicts: {
      totalCount: 1,
      nodes: [{ macAddress: mac(1), vmCount: 2, vmNics: [{ vm: { id: id(1) } }, { vm: { id: id(8) } }] }],
    },
  });
});

test("an address on bridges of containers is no conflict, whatever they are called and whoever else has it", async () => {
  const other = await createDatabase();
  try {
    await other.store.registerHosts(HOSTS, INTERVAL_MS);
    const bridges = [
      "docker0",
      "br-0123456789ab",
      "cni0",
      "podman1",
      "virbr0",
      "lxdbr0",
      "flannel.1",
      "kube-bridge",
    ];
    const addresses = bridges.map((_, at) => `10.20.${at}.1`);
    const ofContainers = (number: number) =>
      storedVm(number, {
        interfaces: [
          eth(number, [`10.30.0.${number}`]),
          ...bridges.map((name, at) =>
            toGuestInterfaceOf(number, {
              name,
              macAddress: mac(1_000 * number + at),
              ipv4Addresses: [addresses[at]!],
            }),
          ),
        ],
        nics: [nic(number, "red")],
        ips: [`10.30.0.${number}`, ...addresses].join(" "),
      });
    const ofAddresses = (number: number) =>
      storedVm(number, {
        silence: "ips-only",
        interfaces: [],
        ips: `10.40.0.${number} 172.17.0.1 192.168.122.1`,
        nics: [nic(number, "red")],
      });
    await addVms(other.store, [
      ...[1, 2, 3].map(ofContainers),
      // One VM has such an address where others could meet it, but nobody else has it there.
      storedVm(4, { interfaces: [eth(4, [addresses[0]!])], nics: [nic(4, "red")], ips: addresses[0]! }),
      // A bridge that bears a vNIC's MAC is on its network.
      ...[5, 6].map((number) =>
        storedVm(number, {
          interfaces: [eth(number, ["10.50.0.1"], { name: "virbr0" })],
          nics: [nic(number, "red")],
          ips: "10.50.0.1",
        }),
      ),
      ...[7, 8].map(ofAddresses),
    ]);
    const query = "{ addressConflicts { totalCount nodes { address vmCount } } }";
    expect(await askForData(other.store, query)).toEqual({
      addressConflicts: { totalCount: 1, nodes: [{ address: "10.50.0.1", vmCount: 2 }] },
    });
  } finally {
    await other.drop();
  }
});

test("a VM with one address on two networks is in conflict with a VM on either, and counts once", async () => {
  const other = await createDatabase();
  try {
    await other.store.registerHosts(HOSTS, INTERVAL_MS);
    const two = storedVm(1, {
      interfaces: [eth(11, ["10.0.0.9"]), eth(12, ["10.0.0.9"])].map((each) => ({ ...each, vmId: id(1) })),
      nics: [nic(11, "blue"), nic(12, "red")].map((each) => ({ ...each, vmId: id(1) })),
      ips: "10.0.0.9",
    });
    const one = storedVm(2, { interfaces: [eth(2, ["10.0.0.9"])], nics: [nic(2, "red")], ips: "10.0.0.9" });
    const apart = storedVm(3, {
      interfaces: [eth(3, ["10.0.0.9"])],
      nics: [nic(3, "green")],
      ips: "10.0.0.9",
    });
    await addVms(other.store, [two, one, apart]);
    const query = `{ all: addressConflicts { totalCount nodes { vmCount } } red: addressConflicts(network: "RED") { nodes { vmCount } }
      blue: addressConflicts(network: "blue") { totalCount } }`;
    expect(await askForData(other.store, query)).toEqual({
      all: { totalCount: 1, nodes: [{ vmCount: 3 }] },
      red: { nodes: [{ vmCount: 2 }] },
      blue: { totalCount: 0 },
    });
  } finally {
    await other.drop();
  }
});

test("an address to which machines without IPv4 translate is no conflict, on a vNIC or not", async () => {
  const other = await createDatabase();
  try {
    await other.store.registerHosts(HOSTS, INTERVAL_MS);
    const translating = (number: number) =>
      storedVm(number, {
        interfaces: [
          eth(number, ["192.0.0.2", "192.0.0.8"]),
          toGuestInterfaceOf(number, { name: "clat", macAddress: null, ipv4Addresses: ["192.0.0.4"] }),
        ],
        nics: [nic(number, "red")],
        ips: "192.0.0.2 192.0.0.8 192.0.0.4",
      });
    await addVms(other.store, [1, 2].map(translating));
    const query = "{ addressConflicts { totalCount nodes { address } } }";
    expect(await askForData(other.store, query)).toEqual({
      addressConflicts: { totalCount: 1, nodes: [{ address: "192.0.0.8" }] },
    });
  } finally {
    await other.drop();
  }
});

test("an address on a dummy is one where others may meet it, and is meant to be shared beside an own one", async () => {
  const other = await createDatabase();
  try {
    await other.store.registerHosts(HOSTS, INTERVAL_MS);
    const serving = (number: number, own: string[]) =>
      storedVm(number, {
        interfaces: [
          eth(number, own),
          toGuestInterfaceOf(number, {
            name: "dummy0",
            macAddress: mac(900 + number),
            ipv4Addresses: [number < 3 ? "10.60.0.100" : "10.60.0.200"],
          }),
        ],
        nics: [nic(number, "red")],
        ips: [...own, number < 3 ? "10.60.0.100" : "10.60.0.200"].join(" "),
      });
    await addVms(other.store, [
      ...[1, 2].map((number) => serving(number, [`10.60.0.${number}`])),
      ...[3, 4].map((number) => serving(number, [])),
    ]);
    const query = "{ addressConflicts { nodes { address kind } } }";
    expect(await askForData(other.store, query)).toEqual({
      addressConflicts: {
        nodes: [
          { address: "10.60.0.100", kind: "VIRTUAL_ROUTER" },
          { address: "10.60.0.200", kind: "DUPLICATE" },
        ],
      },
    });
  } finally {
    await other.drop();
  }
});

describe("drift", () => {
  const SELECTION = "kind vm { id } vmNic { id } device { name }";
  const row = (number: number, kind: string, device: string | null, nicNumber: number | null = null) => ({
    kind,
    vm: { id: id(number) },
    vmNic: nicNumber === null ? null : { id: id(0x10000 + nicNumber) },
    device: device === null ? null : { name: device },
  });
  const ALL = [
    row(1, "DEVICE_CONTAINER", "docker0"),
    row(2, "DEVICE_CONTAINER", "docker0"),
    row(7, "DEVICE_UNKNOWN", "vrrp.7"),
    row(9, "NIC_MAC_DIFFERS", "eth0", 9),
    row(10, "DEVICE_BRIDGE", "br0"),
    row(10, "DEVICE_VLAN", "eth0.7"),
    row(10, "DEVICE_VPN", "wg0"),
    row(10, "NIC_NOT_SHOWN", null, 10),
  ];

  test("is what does not fit, by VM and kind, page by page", async () => {
    for (const size of [1, 3, 500]) expect(await readAll("drift", "", SELECTION, size)).toEqual(ALL);
    const kinds = "kinds: [NIC_NOT_SHOWN, DEVICE_CONTAINER]";
    expect(await readAll("drift", kinds, SELECTION, 2)).toEqual([ALL[0], ALL[1], ALL[7]]);
    expect(
      await ask(
        `{ drift(kinds: [NIC_NOT_SHOWN]) { totalCount } all: drift { totalCount } none: drift(kinds: []) { totalCount nodes { kind } } }`,
      ),
    ).toEqual({
      drift: { totalCount: 1 },
      all: { totalCount: 8 },
      none: { totalCount: 0, nodes: [] },
    });
  });

  test("goes when it is mended, comes when it happens, and is not written while it stays", async () => {
    const other = await createDatabase();
    try {
      await other.store.registerHosts(HOSTS, INTERVAL_MS);
      const before = storedVm(1, { interfaces: [docker(1)], nics: [nic(1, "red")] });
      await addVms(other.store, [before]);
      const kinds = async () =>
        JSON.stringify(await askForData(other.store, "{ drift { nodes { kind } } }")).match(
          /[A-Z]+_[A-Z_]+/g,
        );
      expect(await kinds()).toEqual(["DEVICE_CONTAINER", "NIC_NOT_SHOWN"]);
      const shown = { ...before, interfaces: [docker(1), eth(1, ["10.0.0.1"])] };
      const apply = async (from: typeof before, to: typeof before) => {
        const findings = { vmCount: 1, durationMs: 1, visibleChanges: [{ before: from, after: to }] };
        other.statements();
        expect(
          await other.store.apply(
            await claimHost(other.store, HOST_A),
            hostChanges({ upsertedNics: [...to.nics] }),
            findings,
          ),
        ).toBe(true);
        return other.statements().filter((statement) => statement.includes("vnic_graph_drift")).length;
      };
      expect(await apply(before, shown)).toBe(1);
      expect(await kinds()).toEqual(["DEVICE_CONTAINER"]);
      expect(await apply(shown, { ...shown, ips: "10.0.0.1" })).toBe(0);
      expect(await apply(shown, { ...shown, ownerId: null })).toBe(1);
      expect(await kinds()).toBeNull();
    } finally {
      await other.drop();
    }
  });

  test("of VMs that were stored before is found by the upgrade", async () => {
    const other = await createDatabase();
    try {
      await other.store.registerHosts(HOSTS, INTERVAL_MS);
      await addVms(other.store, VMS);
      const read = () =>
        other.dataSource.query<unknown[]>("SELECT * FROM vnic_graph_drift ORDER BY vm_id, kind, key");
      const before = await read();
      const names = async () =>
        (await other.dataSource.query<{ name: string }[]>("SELECT name FROM vnic_graph_migrations")).map(
          ({ name }) => name,
        );
      while ((await names()).includes("Drift1795950000000")) await other.dataSource.undoLastMigration();
      await migrate(other.dataSource);
      expect(before).toHaveLength(8);
      expect(await read()).toEqual(before);
    } finally {
      await other.drop();
    }
  });
});

test("each list costs one statement, one more for its count, and few for all that leads on", async () => {
  for (const [query, statements] of [
    ["guestAddresses { nodes { address } }", 1],
    ["guestAddresses { totalCount nodes { address vm { name } device { name } vmNic { name } } }", 5],
    // One looks for the VMs that changed since shared addresses were stored. Three are a transaction, which requests have anyway.
    ["addressConflicts { nodes { address kind holders { vm { name } } } }", 8],
    ["macConflicts { nodes { macAddress vmNics { name } } }", 2],
    ["drift { nodes { kind vm { name } vmNic { name } device { name } } }", 4],
  ] as const) {
    database.statements();
    await ask(`{ ${query} }`);
    expect([query, database.statements().length]).toEqual([query, statements]);
  }
});

test("a viewer with a scope finds nothing of other VMs, and no conflict with them", async () => {
  const reader = database.store.createReaderFor({
    namePatterns: [],
    hostIds: [],
    vmIds: [id(1), id(4), id(10)],
  });
  const query = `{
    guestAddresses { totalCount nodes { address vm { id } } }
    addressConflicts { totalCount nodes { address } }
    macConflicts { totalCount nodes { macAddress } }
    drift { totalCount nodes { vm { id } } }
  }`;
  const answer = await ask<Record<string, Connection<{ vm?: { id: string } }>>>(query, reader);
  expect([answer["addressConflicts"], answer["macConflicts"]]).toEqual(
    Array(2).fill({ totalCount: 0, nodes: [] }),
  );
  for (const list of [answer["guestAddresses"]!, answer["drift"]!]) {
    expect(list.totalCount).toBe(list.nodes.length);
    expect(list.nodes.filter(({ vm }) => ![id(1), id(4), id(10)].includes(vm!.id))).toEqual([]);
    expect(list.nodes.length).toBeGreaterThan(3);
  }
});

test.each([
  ['guestAddresses(inCidr: "10.0.0.1/8")', "has bits behind its length; the network is 10.0.0.0/8"],
  ['guestAddresses(inCidr: "10.0.0.0/33")', "has a length over 32"],
  ["guestAddresses(first: 501)", "first: must be from 1 to 500, not 501"],
  ['drift(after: "x")', "after: not a cursor of this list; pass an endCursor of it as it came"],
  [
    `drift(kinds: [${Array.from({ length: 10_000 }, () => "DEVICE_VPN").join(" ")}])`,
    "kinds: has 10000 values",
  ],
  ['addressConflicts(network: "a\\u0000")', "network: must not contain a NUL character"],
])("%.60s is refused with the argument's name, without a statement", async (field, message) => {
  database.statements();
  const errors = await askForErrors(store, `{ ${field} { totalCount } }`);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(message);
  expect(errors[0]).toMatch(/^BAD_USER_INPUT: /);
  expect(database.statements()).toEqual([]);
});

test("a cursor of one list is refused by another", async () => {
  const { drift } = await ask<{ drift: Connection<unknown> }>(
    "{ drift(first: 1) { pageInfo { endCursor } } }",
  );
  for (const field of ["guestAddresses", "addressConflicts", "macConflicts"]) {
    expect(
      await askForErrors(store, `{ ${field}(after: "${drift.pageInfo.endCursor}") { totalCount } }`),
    ).toEqual(["BAD_USER_INPUT: after: not a cursor of this list; pass an endCursor of it as it came"]);
  }
});

test("an engine keeps one host of each VM, and says so", async () => {
  const engine = await createEngineDatabase();
  try {
    const reader = createEngineStore(engine.dataSource);
    expect(await askForErrors(reader, "{ vms(filter: { onTwoHosts: true }) { nodes { id } } }")).toEqual([
      "NOT_AVAILABLE: onTwoHosts: an engine's database keeps one host of each VM; ask without it",
    ]);
  } finally {
    await engine.drop();
  }
});
