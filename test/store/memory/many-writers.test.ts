import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLooks } from "../../../src/store/memory/look.js";
import { createTreeMemory } from "../../../src/store/memory/tree-memory.js";
import { createTreeReads } from "../../../src/store/read/vms/vm-trees.js";
import type { VmTree } from "../../../src/store/vm-tree.js";
import { createRandom } from "../changes/log-writers.js";
import { addVms, changeAllIps, storedVm } from "../changes/log-fixtures.js";
import { HOST_A, id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../../support/builders/passes.js";
import { toStoredNic } from "../../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({ poolSize: 12 });
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
});
afterAll(() => database.drop());

const NUMBERS = [1, 2, 3, 4, 5, 6];
const MAC = "56:6f:00:00:00:01";

describe("readers of kept VMs beside a writer that changes all of them at once", () => {
  test("always see all of them and their host in one state, which was the last one less than a second ago", async () => {
    let vms = NUMBERS.map((number) => storedVm(number, { nics: [toStoredNic(number, number)] }));
    await addVms(database.store, vms);
    const memory = createTreeMemory({ maxBytes: 1_000_000, look: createLooks(database.dataSource) });
    const reads = memory.wrap(createTreeReads(database.dataSource, null), null);
    // Each state: what all VMs show, and when it was written for certain.
    const states: { readonly seen: string; readonly writtenMs: number }[] = [];
    const noteState = async (ips: string) => {
      const writtenMs = performance.now();
      const [host] = await database.dataSource.query<{ at: Date }[]>(
        "SELECT last_success_at AS at FROM vnic_graph_host WHERE host_id = $1",
        [HOST_A],
      );
      states.push({ seen: JSON.stringify([ips, host!.at]), writtenMs });
    };
    await noteState("10.1.2.3");
    const observed: { readonly seen: string; readonly askedMs: number }[] = [];
    let isWriting = true;
    const read = async (random: () => number) => {
      const parts = { row: true, interfaces: random() < 0.5, nics: random() < 0.5 };
      const askedMs = performance.now();
      const kind = Math.floor(random() * 3);
      let trees: readonly VmTree[];
      if (kind === 0) trees = await reads.readTreesByIds(NUMBERS.map(id), parts);
      else if (kind === 1) {
        trees = await reads.readTreesPage({ limit: 9, after: null, filter: {}, order: "NAME_ASC" }, parts);
      } else trees = (await reads.readNicTrees([MAC], 9, parts)).map(({ tree }) => tree);
      expect(trees).toHaveLength(NUMBERS.length);
      const shown = new Set(
        trees.map(({ row }) => JSON.stringify([row!.ips!.join(" "), row!.lastReportedAt])),
      );
      expect([...shown]).toHaveLength(1);
      observed.push({ seen: [...shown][0]!, askedMs });
    };
    const readers = Array.from({ length: 8 }, async (_, at) => {
      const random = createRandom(at + 1);
      while (isWriting) {
        await read(random);
        await new Promise(setImmediate);
      }
    });
    for (let version = 1; version <= 120; version += 1) {
      const ips = `10.0.0.${version}`;
      if (version % 3 === 0) {
        // A pass that finds nothing new moves its host's time alone.
        await writePass(database.store, HOST_A);
        await noteState(vms[0]!.ips!);
      } else {
        await changeAllIps(database.store, vms, ips);
        vms = vms.map((vm) => ({ ...vm, ips }));
        await noteState(ips);
      }
    }
    isWriting = false;
    await Promise.all(readers);
    for (const { seen, askedMs } of observed) {
      const at = states.findIndex((state) => state.seen === seen);
      expect(at, seen).toBeGreaterThanOrEqual(0);
      const replacedMs = states[at + 1]?.writtenMs ?? Infinity;
      expect(askedMs - replacedMs).toBeLessThan(1_000);
    }
    const { hits, misses } = memory.figures;
    expect(hits).toBeGreaterThan(misses);
    await memory.stop();
  });
});
