import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatFirstMac, formatVmId } from "../../bench/reads/fleet.js";
import { gatherTreeReads } from "../../src/store/gathered-trees.js";
import { createTreeReads } from "../../src/store/read/vms/vm-trees.js";
import type { VmScope } from "../../src/store/types.js";
import type { TreeReads, VmTree } from "../../src/store/vm-tree.js";
import { addReadFleet } from "../support/reads/read-fleet.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";

let database: TestDatabase;
let statements = 0;
let created: (scope: VmScope | null) => TreeReads;

beforeAll(async () => {
  database = await createDatabase();
  await addReadFleet(database, VMS);
  // The seventh VM has so many vNICs with one MAC that a statement's limit cuts them off.
  await database.dataSource.query(
    `INSERT INTO vm_interface (id, vm_guid, name, mac_addr)
     SELECT gen_random_uuid(), $1, 'many' || n, $2 FROM generate_series(1, 30) n`,
    [formatVmId(7), formatFirstMac(7)],
  );
  const counting = {
    query: (sql: string, values?: unknown[]) => {
      statements += 1;
      return database.dataSource.query<unknown>(sql, values);
    },
  };
  created = (scope) => createTreeReads(counting, scope);
});

afterAll(() => database.drop());

const VMS = 60;
const LIMIT = 20;
const PARTS = { row: true, interfaces: true, nics: true };
const BARE = { row: false, interfaces: false, nics: false };
const SCOPES: readonly (VmScope | null)[] = [
  null,
  { namePatterns: ["vm-*1"], hostIds: [], vmIds: [] },
  { namePatterns: [], hostIds: [], vmIds: [formatVmId(2), formatVmId(7)] },
];

const byId = (trees: readonly VmTree[]) =>
  [...trees].sort((one, other) => (one.vm.id < other.vm.id ? -1 : 1));

/** Asks one question of either reads; the answer's order means nothing. */
async function ask(reads: TreeReads, question: Question): Promise<unknown> {
  const parts = question.isBare ? BARE : PARTS;
  if (question.kind === "ids") return byId(await reads.readTreesByIds(question.vms.map(formatVmId), parts));
  const found = await reads.readNicTrees(question.vms.map(formatFirstMac), LIMIT, parts);
  // Which of too many come is nobody's promise.
  return found.length === LIMIT
    ? "cut off"
    : found.sort((one, other) => (one.nic.id < other.nic.id ? -1 : 1));
}

interface Question {
  readonly kind: "ids" | "macs";
  readonly vms: readonly number[];
  readonly isBare: boolean;
  readonly scope: number;
}

const question: fc.Arbitrary<Question> = fc.record({
  kind: fc.constantFrom("ids", "macs"),
  // Some are not there.
  vms: fc.array(fc.integer({ min: 1, max: VMS + 5 }), { minLength: 1, maxLength: 6 }),
  isBare: fc.boolean(),
  scope: fc.nat({ max: SCOPES.length - 1 }),
});

test("reads that are gathered find what each would alone, whatever else is asked at the same time", async () => {
  const gathered = gatherTreeReads(created);
  await fc.assert(
    fc.asyncProperty(fc.array(question, { minLength: 1, maxLength: 40 }), async (questions) => {
      const together = await Promise.all(questions.map((each) => ask(gathered(SCOPES[each.scope]!), each)));
      for (const [at, each] of questions.entries()) {
        expect(together[at]).toEqual(await ask(created(SCOPES[each.scope]!), each));
      }
    }),
    { numRuns: 40 },
  );
});

test("fifty requests at the same time cost one statement, and as many with another scope or other parts one more", async () => {
  const gathered = gatherTreeReads(created);
  const fifty = (parts: typeof PARTS, scope: VmScope | null) =>
    Array.from({ length: 50 }, (_, at) => gathered(scope).readTreesByIds([formatVmId(1 + at)], parts));
  statements = 0;
  await Promise.all(fifty(PARTS, null));
  expect(statements).toBe(1);
  await Promise.all([...fifty(PARTS, null), ...fifty(PARTS, SCOPES[1]!), ...fifty(BARE, null)]);
  expect(statements).toBe(4);
});

test("a MAC of too many vNICs costs those who share its statement a few more, and each of them finds all", async () => {
  const gathered = gatherTreeReads(created);
  statements = 0;
  const found = await Promise.all(
    Array.from({ length: 50 }, (_, at) => gathered(null).readNicTrees([formatFirstMac(1 + at)], LIMIT, BARE)),
  );
  // Each half that has it is halved again.
  expect(statements).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(50)));
  expect(found.map((each) => each.length)).toEqual(
    Array.from({ length: 50 }, (_, at) => (at === 6 ? LIMIT : 1)),
  );
});

test("equal scopes of different viewers share a statement", async () => {
  const gathered = gatherTreeReads(created);
  statements = 0;
  const scopes = [1, 2].map(() => structuredClone(SCOPES[2]!));
  await Promise.all(scopes.map((scope) => gathered(scope).readTreesByIds([formatVmId(2)], PARTS)));
  expect(statements).toBe(1);
});

test("a statement that fails fails for all that share it, and for nobody after them", async () => {
  let isFailing = true;
  const failing = gatherTreeReads((scope) => ({
    ...created(scope),
    readTreesByIds: (...given) =>
      isFailing ? Promise.reject(new Error("the database is away")) : created(scope).readTreesByIds(...given),
  }));
  const askAll = () => [1, 2, 3].map((vm) => failing(null).readTreesByIds([formatVmId(vm)], PARTS));
  const failed = await Promise.allSettled(askAll());
  expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  isFailing = false;
  expect((await Promise.all(askAll())).map((trees) => trees.length)).toEqual([1, 1, 1]);
});

test("statements that hang hold up nobody who comes later", async () => {
  let asked = 0;
  const hanging = gatherTreeReads((scope) => ({
    ...created(scope),
    readTreesByIds: (...given) => {
      asked += 1;
      return asked <= 2 ? new Promise(() => undefined) : created(scope).readTreesByIds(...given);
    },
  }));
  for (const vm of [1, 2]) {
    void hanging(null).readTreesByIds([formatVmId(vm)], PARTS);
    await new Promise(setImmediate);
  }
  expect(asked).toBe(2);
  expect(await hanging(null).readTreesByIds([formatVmId(3)], PARTS)).toHaveLength(1);
});
