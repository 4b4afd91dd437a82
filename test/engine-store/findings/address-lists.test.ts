import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngineStore, type EngineStore } from "../../../src/engine-store/engine-store.js";
import { askForData } from "../../graph/support/ask.js";
import { createEngineDatabase, type EngineDatabase, type PlanNode } from "../engine-database.js";
import { ids, SMALL_ENGINE } from "../small-engine.js";

let engine: EngineDatabase;
let store: EngineStore;

const network = (n: number) => `30000000-0000-4000-8000-0000000000b${n}`;
const profile = (n: number) => `40000000-0000-4000-8000-0000000000b${n}`;

beforeAll(async () => {
  engine = await createEngineDatabase();
  await engine.asEngine(
    ...SMALL_ENGINE,
    `DELETE FROM vm_guest_agent_interfaces`,
    `UPDATE vm_dynamic SET vm_ip = NULL, status = 1 WHERE vm_guid <> '${ids.stopped}'`,
    `DELETE FROM vm_interface`,
    ...[1, 2].flatMap((n) => [
      `INSERT INTO network (id, name) VALUES ('${network(n)}', 'net${n}')`,
      `INSERT INTO vnic_profiles (id, name, network_id) VALUES ('${profile(n)}', 'p${n}', '${network(n)}')`,
    ]),
    `INSERT INTO vm_interface (id, vm_guid, name, mac_addr, vnic_profile_id) VALUES
      ('20000000-0000-4000-8000-0000000000c1', '${ids.busy}', 'nic1', '56:6f:00:00:00:c1', '${profile(1)}'),
      ('20000000-0000-4000-8000-0000000000c2', '${ids.windows}', 'nic1', '56:6F:00:00:00:C2', '${profile(2)}'),
      ('20000000-0000-4000-8000-0000000000c3', '${ids.twin1}', 'nic1', '56:6f:00:00:00:c3', '${profile(1)}')`,
    // What is no address, whatever follows it, breaks nothing.
    `INSERT INTO vm_guest_agent_interfaces VALUES
      ('${ids.busy}', 'eth0', '56:6f:00:00:00:c1', '10.9.0.10,10.9.0.2,10.9.0.300,10.9.0.', 'FE80::1%eth0,2001:DB8::7'),
      ('${ids.windows}', 'Ethernet', '56-6F-00-00-00-C2', '10.9.0.2', '::ffff:10.9.0.2'),
      ('${ids.twin1}', 'eth0', '56:6f:00:00:00:c3', '10.9.0.10,10.90.0.2,x10.9.0.7', '2001:db8:0::7'),
      ('${ids.stopped}', 'eth0', '56:6f:00:00:00:c4', '10.9.0.2', NULL),
      ('${ids.template}', 'eth0', '56:6f:00:00:00:c5', '10.9.0.2', NULL)`,
    `UPDATE vm_dynamic SET vm_ip = '10.9.0.2 10.9.0.10 2001:db8::7' WHERE vm_guid = '${ids.busy}'`,
  );
  store = createEngineStore(engine.dataSource);
});

afterAll(() => engine.drop());

test("an engine lists the addresses within a prefix by number, each VM's once, without what does not run", async () => {
  engine.sent();
  expect(
    await askForData(
      store,
      '{ guestAddresses(inCidr: "10.9.0.0/24") { totalCount nodes { address vm { name } } } }',
    ),
  ).toEqual({
    guestAddresses: {
      totalCount: 5,
      nodes: [
        { address: "10.9.0.2", vm: { name: "busy" } },
        { address: "10.9.0.2", vm: { name: "windows" } },
        { address: "10.9.0.10", vm: { name: "busy" } },
        { address: "10.9.0.10", vm: { name: "twin" } },
        { address: "::ffff:10.9.0.2", vm: { name: "windows" } },
      ],
    },
  });
  // The page, its count, and the VMs.
  expect(engine.sent().filter(({ sql }) => sql.includes("FROM"))).toHaveLength(3);
});

test("an engine's tables that were never analyzed are read once, and not once for each VM", async () => {
  const restored = await createEngineDatabase();
  const vmIds = "lpad(to_hex(n), 32, '0')::uuid";
  await restored.asEngine(
    // As after a restore or an upgrade, which keep no statistics.
    ...["vm_static", "vm_dynamic", "vm_guest_agent_interfaces"].map(
      (table) => `ALTER TABLE ${table} SET (autovacuum_enabled = false)`,
    ),
    `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid)
      SELECT ${vmIds}, 'vm' || n, 'VM', ${vmIds} FROM generate_series(1, 200) n`,
    `INSERT INTO vm_dynamic (vm_guid, status, vm_ip) SELECT ${vmIds}, 1, '10.9.0.' || n FROM generate_series(1, 200) n`,
    `INSERT INTO vm_guest_agent_interfaces
      SELECT ${vmIds}, 'eth0', NULL, '10.9.0.' || n, NULL FROM generate_series(1, 200) n`,
  );
  const unanalyzed = createEngineStore(restored.dataSource);
  restored.sent();
  await askForData(unanalyzed, '{ guestAddresses(inCidr: "10.9.0.0/24") { totalCount nodes { address } } }');
  await askForData(
    unanalyzed,
    '{ addressConflicts(within: "10.9.0.0/24") { totalCount nodes { address } } }',
  );
  const reads = restored.sent().filter(({ sql }) => sql.includes("vm_guest_agent_interfaces"));
  expect(reads.length).toBeGreaterThanOrEqual(4);
  for (const read of reads) {
    const scans = listNodes(await restored.planOf(read)).filter(
      (node) => node["Relation Name"] === "vm_guest_agent_interfaces" && node["Actual Loops"] > 1,
    );
    expect(scans).toEqual([]);
  }
  await restored.drop();
});

test("an engine's addresses come page by page, and within a scope", async () => {
  interface Page {
    readonly guestAddresses: {
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
      readonly nodes: readonly { readonly address: string }[];
    };
  }
  const found: string[] = [];
  let after = "";
  for (let pages = 0; pages < 6; pages += 1) {
    const query = `{ guestAddresses(inCidr: "10.9.0.0/16", first: 1${after}) { pageInfo { hasNextPage endCursor } nodes { address } } }`;
    const { guestAddresses } = (await askForData(store, query)) as Page;
    found.push(...guestAddresses.nodes.map(({ address }) => address));
    if (!guestAddresses.pageInfo.hasNextPage) break;
    after = `, after: "${guestAddresses.pageInfo.endCursor}"`;
  }
  expect(found).toEqual(["10.9.0.2", "10.9.0.2", "10.9.0.10", "10.9.0.10", "::ffff:10.9.0.2"]);
  const scoped = store.createReaderFor({ namePatterns: ["twin"], hostIds: [], vmIds: [] });
  expect(await askForData(scoped, '{ guestAddresses(inCidr: "10.9.0.0/16") { totalCount } }')).toEqual({
    guestAddresses: { totalCount: 1 },
  });
});

test("an engine lists addresses within a prefix whose VMs can meet: on one network, or on an unknown one", async () => {
  expect(
    await askForData(
      store,
      `{ v4: addressConflicts(within: "10.9.0.0/16") { totalCount nodes { address vmCount } }
         v6: addressConflicts(within: "2001:db8::/32") { totalCount nodes { address vmCount } }
         other: addressConflicts(within: "10.9.0.0/16", network: "net2") { totalCount }
         same: addressConflicts(within: "10.9.0.0/16", network: "NET1") { totalCount } }`,
    ),
  ).toEqual({
    v4: { totalCount: 1, nodes: [{ address: "10.9.0.10", vmCount: 2 }] },
    v6: { totalCount: 1, nodes: [{ address: "2001:db8::7", vmCount: 2 }] },
    other: { totalCount: 0 },
    same: { totalCount: 1 },
  });
});

test("an engine answers for a short prefix, and for none", async () => {
  expect(
    await askForData(
      store,
      `{ all: guestAddresses { totalCount } short: guestAddresses(inCidr: "10.0.0.0/7") { totalCount }
         conflicts: addressConflicts { totalCount } }`,
    ),
  ).toEqual({ all: { totalCount: 9 }, short: { totalCount: 6 }, conflicts: { totalCount: 2 } });
});

test("a page of an engine's addresses is full though its first one comes many times, and IPv6 follows IPv4", async () => {
  const copies = "10.8.0.1,".repeat(50);
  await engine.asEngine(
    `INSERT INTO vm_guest_agent_interfaces SELECT '${ids.busy}', 'eth9', NULL, '${copies}10.8.0.2', NULL FROM generate_series(1, 20)`,
  );
  engine.sent();
  const all = await store.readGuestAddresses({ inCidr: null, after: null, limit: 50 });
  expect(all.map(({ address }) => address)).toEqual([
    "10.8.0.1",
    "10.8.0.2",
    "10.9.0.2",
    "10.9.0.2",
    "10.9.0.10",
    "10.9.0.10",
    "10.90.0.2",
    ...["::ffff:10.9.0.2", "2001:db8::7", "2001:db8::7", "fe80::1"],
  ]);
  // The first look finds copies alone, the second one is enough.
  expect(engine.sent().filter(({ sql }) => sql.includes("FROM"))).toHaveLength(2);
  for (const limit of [1, 2, 3, 7, 8]) {
    const page = await store.readGuestAddresses({ inCidr: null, after: null, limit });
    expect(page).toEqual(all.slice(0, limit));
  }
  for (const [at, after] of all.entries()) {
    const rest = await store.readGuestAddresses({ inCidr: null, after, limit: 3 });
    expect(rest).toEqual(all.slice(at + 1, at + 4));
  }
  expect(await store.countGuestAddresses({ inCidr: null })).toBe(all.length);
});

test("figures parse no text of an address a second time to leave out what is none", async () => {
  engine.sent();
  await store.readNetworkStats({ filter: {}, by: "HOST" });
  const plan = JSON.stringify(await engine.planOf(engine.sent().at(-1)!));
  const parsing = [...plan.matchAll(/"(?:Filter|Join Filter|One-Time Filter)":"((?:[^"\\]|\\.)*)"/g)]
    .map(([, condition = ""]) => condition)
    .filter((condition) => /_addresses|vm_ip/.test(condition));
  expect(parsing).not.toEqual([]);
  expect(parsing.filter((condition) => condition.includes("::inet"))).toEqual([]);
});

test("conflicts look for all networks' names once, however many vNICs have one", async () => {
  engine.sent();
  expect(await store.countAddressConflicts({ within: null, network: null })).toBeGreaterThan(0);
  const plan = await engine.planOf(engine.sent().at(-1)!);
  const looks = listNodes(plan).filter((node) =>
    /^(?:network|vnic_profiles)$/.test(node["Relation Name"] ?? ""),
  );
  expect(looks.map((node) => node["Actual Loops"])).toEqual([1, 1]);
});

function listNodes(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(listNodes)];
}
