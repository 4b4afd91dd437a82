import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngineDataSource } from "../../src/engine-store/engine-data-source.js";
import { createEngineStore, type EngineStore } from "../../src/engine-store/engine-store.js";
import { createEngineDatabase, type EngineDatabase, type PlanNode } from "./engine-database.js";
import { listLargeEngine } from "./large-engine.js";
import { parseCidr } from "../../src/model/address/cidr.js";
import { countPlans } from "../support/reads/kept-plans.js";
import { largeId } from "../support/databases/large-ids.js";

let engine: EngineDatabase;
let store: EngineStore;

beforeAll(async () => {
  engine = await createEngineDatabase();
  await engine.asEngine(...listLargeEngine(250));
  store = createEngineStore(engine.dataSource);
});

afterAll(() => engine.drop());

const PREFIX = parseCidr("10.0.7.0/24");
const page = { limit: 51, after: null, filter: {}, order: "NAME_ASC" } as const;
const some = (kind: string) => Array.from({ length: 100 }, (_, n) => largeId(kind, 37 * (n + 1)));

describe("on an engine of 100,000 VMs and 400,000 guest interfaces", () => {
  test.each([
    ["a first page by name", () => store.readVmsPage(page), 51],
    ["a first page by name, backwards", () => store.readVmsPage({ ...page, order: "NAME_DESC" }), 51],
    [
      "a page in the middle",
      () => store.readVmsPage({ ...page, after: { name: "vm-8", id: largeId("1", 1) } }),
      51,
    ],
    [
      "a page by id",
      () => store.readVmsPage({ ...page, order: "ID_ASC", after: { name: "", id: largeId("1", 50_000) } }),
      51,
    ],
    [
      "a page of one host's VMs",
      () => store.readVmsPage({ ...page, filter: { hostId: largeId("a", 7) } }),
      51,
    ],
    ["a page of VMs in a common state", () => store.readVmsPage({ ...page, filter: { statuses: [1] } }), 51],
    ["VMs by id", () => store.readVmsByIds(some("1")), 99],
    ["VMs of hosts", () => store.readVmsByHosts(some("a").slice(0, 5), 10), 50],
    ["vNICs of VMs", () => store.readNicsByVms(some("1")), 198],
    ["vNICs by id", () => store.readNicsByIds(some("2")), 99],
    ["guest interfaces of VMs", () => store.readGuestInterfacesByVms(some("1")), 396],
  ])("%s come by an index", async (_, read, rows) => {
    engine.sent();
    expect(await read()).toHaveLength(rows);
    const cost = await costOfSent();
    expect(cost.scanned).toEqual([]);
    expect(cost.rows).toBeLessThan(3_000);
  });

  test("the first VMs of many hosts come with one look at each table, and few of them are sorted", async () => {
    // Each fiftieth host has half as many VMs.
    const hostIds = Array.from({ length: 250 }, (_, n) => (n % 50 === 0 ? [] : [largeId("a", n + 1)])).flat();
    // The first question looks into the catalog whether a sample can be taken.
    await store.readVmsByHosts(hostIds, 1);
    engine.sent();
    expect(await store.readVmsByHosts(hostIds, 20)).toHaveLength(4_900);
    const sent = engine.sent();
    expect(sent).toHaveLength(1);
    const nodes = listNodes(await engine.planOf(sent[0]!));
    const scanned = nodes
      .filter((node) => node["Node Type"] === "Seq Scan")
      .map((node) => node["Relation Name"] ?? "");
    expect(scanned.filter((table) => LARGE_TABLES.has(table)).toSorted()).toEqual([
      "vm_dynamic",
      "vm_static",
    ]);
    const sorted = nodes
      .filter((node) => node["Sort Key"]?.some((key) => key.includes("vm_name")))
      .map((node) => node["Actual Rows"] * node["Actual Loops"]);
    // Those of the sample, and those up to the edge.
    expect(sorted).toHaveLength(2);
    expect(Math.max(...sorted)).toBeLessThan(25_000);
  });

  test("a page by primary address looks up what 10,000 VMs at a time have, and reads no table of guests whole", async () => {
    const byAddress = { ...page, order: "PRIMARY_ADDRESS_ASC" } as const;
    expect(await store.readVmsPage(byAddress)).toHaveLength(51);
    engine.sent();
    expect(await store.readVmsPage(byAddress)).toHaveLength(51);
    const sent = engine.sent();
    // One finds the VMs, the last one reads the page.
    const digests = sent.slice(1, -1);
    expect(digests).toHaveLength(10);
    for (const statement of [digests[0]!, digests[9]!]) {
      const nodes = listNodes(await engine.planOf(statement));
      const tables = nodes.filter((node) => node["Node Type"] === "Seq Scan");
      expect(tables.map((node) => node["Relation Name"])).not.toContain("vm_guest_agent_interfaces");
      expect(tables.map((node) => node["Relation Name"])).not.toContain("vm_interface");
      const interfaces = nodes.filter(
        (node) => node["Relation Name"] === "vm_guest_agent_interfaces" && node["Node Type"] !== "Seq Scan",
      );
      const read = interfaces.map((node) => node["Actual Rows"] * node["Actual Loops"]);
      expect(read.reduce((sum, rows) => sum + rows, 0)).toBeCloseTo(40_000, -3);
    }
  }, 60_000);

  test.each([
    [
      "VMs with one",
      () => store.readVmsPage({ ...page, filter: { search: { kind: "inCidr", cidr: PREFIX } } }),
    ],
    ["addresses", () => store.readGuestAddresses({ inCidr: PREFIX, after: null, limit: 51 })],
  ])("%s within a prefix parse no more texts than may have one", async (_, read) => {
    engine.sent();
    expect(await read()).toHaveLength(51);
    // The first read of a process also asks which columns there are.
    const sent = engine.sent().at(-1)!;
    const parsed = listNodes(await engine.planOf(sent)).map(countParsedTexts);
    const sum = parsed.reduce((all, each) => all + each, 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThan(1_000);
  });

  test.each(["NETWORK", "FAMILY"] as const)(
    "figures by %s meet each address a few times, and not once for each conflict",
    async (by) => {
      engine.sent();
      // A busy machine may cancel the read. How it is run counts here.
      await store.readNetworkStats({ filter: {}, by }).catch(() => undefined);
      const nodes = listNodes(await engine.planOf(engine.sent().at(-1)!));
      const met = nodes.map((node) => node["Actual Rows"] * node["Actual Loops"]);
      expect(Math.max(...met)).toBeLessThan(2_000_000);
    },
    120_000,
  );

  test("a scope by ids keeps the indexes", async () => {
    const reader = store.createReaderFor({ namePatterns: [], hostIds: [], vmIds: some("1") });
    engine.sent();
    expect(await reader.readGuestInterfacesByVms(some("1"))).toHaveLength(396);
    expect((await costOfSent()).scanned).toEqual([]);
    expect(await reader.readNicsByVms(some("1"))).toHaveLength(198);
    expect((await costOfSent()).scanned).toEqual([]);
  });

  test.each([
    ["a count", () => store.countVms({}), ["vm_static"]],
    [
      "a search for an address",
      () => store.readVmsPage({ ...page, filter: { ip: "10.0.3.7" } }),
      ["vm_dynamic", "vm_guest_agent_interfaces"],
    ],
    ["a search for a MAC", () => store.readNicsByMacs(["56:6f:00:00:03:07"]), ["vm_interface"]],
    [
      "a page of MACs of several VMs",
      async () => {
        await engine.asEngine(
          `UPDATE vm_interface SET mac_addr = '56:6f:00:00:00:01' WHERE id IN (SELECT id FROM vm_interface ORDER BY id LIMIT 3)`,
        );
        return store.readMacConflicts({ after: null, limit: 51 });
      },
      ["vm_interface"],
    ],
  ])("%s reads once what has no index, and nothing else", async (_, read, tables) => {
    engine.sent();
    const found = await read();
    expect(Array.isArray(found) ? found.length : found).toBeGreaterThan(0);
    expect((await costOfSent()).scanned.filter((table) => !tables.includes(table))).toEqual([]);
  });
});

describe("statements that come again and again", () => {
  const listIds = (kind: string, count: number, time: number) =>
    Array.from({ length: count }, (_, at) => largeId(kind, 1 + time * 20 + at));

  test.each<[string, (reads: EngineStore, time: number) => Promise<readonly unknown[]>]>([
    ["a VM", (reads, time) => reads.readVmsByIds(listIds("1", 1, time))],
    ["8 VMs", (reads, time) => reads.readVmsByIds(listIds("1", 8, time))],
    ["vNICs of a VM", (reads, time) => reads.readNicsByVms(listIds("1", 1, time))],
    ["interfaces of 3 VMs", (reads, time) => reads.readGuestInterfacesByVms(listIds("1", 3, time))],
    ["a host", (reads, time) => reads.readHostsByIds(listIds("a", 1, time))],
    ["how VMs were made", (reads, time) => reads.readVmOriginsByIds(listIds("1", 2, time))],
    ["a template", (reads, time) => reads.readNamed("templates", listIds("1", 1, time))],
  ])("are planned for all values: %s", async (_, read) => {
    const dataSource = await createEngineDataSource(engine.url, { poolSize: 1 }).initialize();
    try {
      const reads = createEngineStore(dataSource);
      expect(await countPlans({ dataSource }, (time) => read(reads, time))).toEqual([
        { generic: 10, custom: 0 },
      ]);
    } finally {
      await dataSource.destroy();
    }
  });
});

interface Cost {
  /** The large tables that are read whole. */
  readonly scanned: readonly string[];
  /** The most rows that one step meets. */
  readonly rows: number;
}

/** What the statements just sent cost. */
async function costOfSent(): Promise<Cost> {
  const sent = engine.sent();
  expect(sent).toHaveLength(1);
  const nodes = listNodes(await engine.planOf(sent[0]!));
  const scanned = nodes
    .filter((node) => node["Node Type"] === "Seq Scan" && LARGE_TABLES.has(node["Relation Name"] ?? ""))
    .map((node) => node["Relation Name"]!);
  const rows = nodes.map(
    (node) => (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"],
  );
  return { scanned: [...new Set(scanned)].toSorted(), rows: Math.max(...rows) };
}

/** Counts the texts that a node splits into words: of a function over each row of another node, or of its own child. */
function countParsedTexts(node: PlanNode): number {
  if (node["Node Type"] === "Function Scan") return node["Actual Loops"];
  if (node["Node Type"] !== "ProjectSet") return 0;
  return (node.Plans ?? []).reduce((all, child) => all + child["Actual Rows"] * child["Actual Loops"], 0);
}

function listNodes(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(listNodes)];
}

const LARGE_TABLES = new Set([
  "vm_static",
  "vm_dynamic",
  "vm_interface",
  "vm_device",
  "vm_guest_agent_interfaces",
]);
