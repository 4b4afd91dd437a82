import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngineStore, type EngineStore } from "../../src/engine-store/engine-store.js";
import { createEngineDatabase, type EngineDatabase, type PlanNode } from "./engine-database.js";
import { listLargeEngine } from "./large-engine.js";
import { parseCidr } from "../../src/model/address/cidr.js";
import type { VmRow } from "../../src/store/types.js";
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

  test("the first VMs of many hosts, each name read once, are those that each host has alone", async () => {
    const hostIds = Array.from({ length: 250 }, (_, n) => largeId("a", n + 1));
    engine.sent();
    const together = await store.readVmsByHosts([...hostIds, ...some("f")], 2);
    const sent = engine.sent();
    expect(sent).toHaveLength(1);
    const nodes = listNodes(await engine.planOf(sent[0]!));
    // The names of each host are sorted, and no more: the loaders sort what they get anyway.
    const sorts = nodes.filter((node) => node["Sort Key"]?.some((key) => key.includes("vm_name")));
    expect(sorts.map((node) => node["Actual Loops"])).toEqual([250]);
    const scans = nodes.filter((node) => node["Node Type"] === "Seq Scan");
    const scanned = scans
      .map((node) => node["Relation Name"])
      .filter((table) => LARGE_TABLES.has(table ?? ""));
    expect(scanned.toSorted()).toEqual(["vm_dynamic", "vm_static"]);
    const few = await Promise.all(
      [0, 50, 100, 150, 200].map((from) => store.readVmsByHosts(hostIds.slice(from, from + 50), 2)),
    );
    const byId = (left: VmRow, right: VmRow) => (left.id < right.id ? -1 : 1);
    expect(together).toHaveLength(500);
    expect(together.toSorted(byId)).toEqual(few.flat().toSorted(byId));
  });

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
