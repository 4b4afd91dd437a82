import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatVmId } from "../../../bench/reads/fleet.js";
import { createKeptAnswers } from "../../../src/fast/kept-answers.js";
import type { KeptAnswer } from "../../../src/server/graphql/kept-answer.js";
import { createLooks } from "../../../src/store/memory/look.js";
import { createTreeMemory } from "../../../src/store/memory/tree-memory.js";
import { createTreeReads } from "../../../src/store/read/vms/vm-trees.js";
import { collectGarbage } from "../../support/garbage.js";
import { addReadFleet } from "../../support/reads/read-fleet.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { eventually } from "../../support/eventually.js";

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

test("the memory that answers of kept VMs are counted with is about what they take", async () => {
  const clock = { ms: 0 };
  const now = () => clock.ms;
  const look = createLooks(database.dataSource);
  const memory = createTreeMemory({ maxBytes: 1_000_000_000, look, now, wallNow: now });
  const answers = createKeptAnswers<KeptAnswer>({ maxBytes: 1_000_000_000, now });
  /** Asks for VMs one by one, each with reads of its own as a request has them; returns how many answers were kept. */
  const keepAnswers = async (first: number, last: number): Promise<number> => {
    let kept = 0;
    for (let number = first; number <= last; number += 1) {
      const reads = memory.wrap(createTreeReads(database.dataSource, null), null);
      const [tree] = await reads.readTreesByIds([formatVmId(number)], {
        row: false,
        interfaces: true,
        nics: true,
      });
      const stillHolds = reads.findCheck?.() ?? null;
      if (stillHolds === null) continue;
      const body = Buffer.from(JSON.stringify({ data: { vm: tree!.vm, list: "x".repeat(800) } })).toString();
      const headers = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };
      const notes = { decision: "answered", operation: "vm", hash: "", cost: 8, rows: 8, isLasting: false };
      const key = createHash("sha256").update(body).digest("base64");
      answers.keepWhile(key, {
        answer: { body, headers, notes, timesGiven: 0 },
        bytes: body.length,
        stillHolds,
      });
      kept += 1;
    }
    return kept;
  };
  // The first time they are read, and kept; from a look on they are taken from memory.
  await keepAnswers(1, VMS);
  clock.ms += 60;
  await eventually(async () => {
    clock.ms += 60;
    expect(await keepAnswers(1, VMS / 3)).toBe(VMS / 3);
  });
  const before = { heap: measureHeap(), counted: answers.figures.bytes };
  expect(await keepAnswers(1 + VMS / 3, VMS)).toBe((2 * VMS) / 3);
  const after = { heap: measureHeap(), counted: answers.figures.bytes };
  const taken = (after.heap - before.heap) / (after.counted - before.counted);
  expect(taken).toBeGreaterThan(0.6);
  expect(taken).toBeLessThan(1.25);
  await memory.stop();
});
