import { afterAll, beforeAll, expect, test } from "vitest";
import { formatVmId } from "../../../bench/reads/fleet.js";
import { createLooks } from "../../../src/store/memory/look.js";
import { createTreeMemory } from "../../../src/store/memory/tree-memory.js";
import { createTreeReads } from "../../../src/store/read/vms/vm-trees.js";
import { collectGarbage } from "../../support/garbage.js";
import { addReadFleet } from "../../support/reads/read-fleet.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await addReadFleet(database, VMS);
});
afterAll(() => database.drop());

const VMS = 3_000;
const PAGE = 100;
const WHOLE = { row: true, interfaces: true, nics: true };

function measureHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test("the memory that kept VMs are counted with is about what they take", async () => {
  const look = createLooks(database.dataSource);
  const memory = createTreeMemory({ maxBytes: 1_000_000_000, look });
  const reads = memory.wrap(createTreeReads(database.dataSource, null), null);
  const readPage = async (first: number) => {
    const ids = Array.from({ length: PAGE }, (_, at) => formatVmId(first + at));
    expect(await reads.readTreesByIds(ids, WHOLE)).toHaveLength(PAGE);
  };
  // What is made once, such as compiled code, is made before.
  for (let first = 1; first <= VMS / 3; first += PAGE) await readPage(first);
  const before = { heap: measureHeap(), counted: memory.figures.bytes };
  for (let first = 1 + VMS / 3; first <= VMS; first += PAGE) await readPage(first);
  const after = { heap: measureHeap(), counted: memory.figures.bytes };
  expect(memory.figures.vms).toBeGreaterThanOrEqual((2 * VMS) / 3);
  const taken = (after.heap - before.heap) / (after.counted - before.counted);
  expect(taken).toBeGreaterThan(0.6);
  expect(taken).toBeLessThan(1.25);
  await memory.stop();
});
