import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLooks } from "../../../src/store/memory/look.js";
import { createTreeMemory } from "../../../src/store/memory/tree-memory.js";
import { createTreeReads } from "../../../src/store/read/vms/vm-trees.js";
import { createRandom } from "../changes/log-writers.js";
import { HOST_A, HOST_B } from "../../support/builders/ids.js";
import { claimHost } from "../../support/builders/passes.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { anyStep, runSeries, VM_IDS } from "../../support/passes/pass-series.js";
import { ALL_PARTS, listQuestions, SCOPES } from "./questions.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({ poolSize: 12 });
});
afterAll(() => database.drop());

const MACS = ["52:54:00:00:00:01", "52:54:00:00:00:02"];
const QUESTIONS = listQuestions(VM_IDS, MACS);
/** Every question with every part, of every viewer. */
const ASKED = QUESTIONS.flatMap((question) =>
  ALL_PARTS.flatMap((parts) => SCOPES.map((scope) => ({ question, parts, scope }))),
);

/** What every question was answered with from this time on. */
interface State {
  readonly sinceMs: number;
  readonly answers: readonly string[];
}

describe("what is kept of VMs", () => {
  test("gives any question an answer that one state of the last second had, whatever passes find and hosts do", async () => {
    let asked = 0;
    let hits = 0;
    const checks = { held: 0, failed: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { minLength: 4, maxLength: 12 }),
        fc.integer(),
        async (steps, seed) => {
          const random = createRandom(seed);
          const clock = { ms: 0 };
          const looks = createLooks(database.dataSource);
          const memory = createTreeMemory({
            maxBytes: random() < 0.2 ? 20_000 : 1_000_000,
            look: looks,
            now: () => clock.ms,
            wallNow: () => clock.ms,
          });
          const states: State[] = [];
          /** Answers from memory, each with the check whether it still holds. */
          const given: { at: number; answer: string; stillHolds: () => boolean }[] = [];
          const assertOfLastSecond = (at: number, answer: string) => {
            const isOfLastSecond = states.some(
              ({ answers }, index) =>
                answers[at] === answer && (states[index + 1]?.sinceMs ?? Infinity) > clock.ms - 1_000,
            );
            if (!isOfLastSecond) expect(answer).toEqual(states.at(-1)!.answers[at]);
          };
          const note = async () => {
            const answers = await Promise.all(
              ASKED.map(async ({ question, parts, scope }) =>
                JSON.stringify(await question(createTreeReads(database.dataSource, scope), parts)),
              ),
            );
            states.push({ sinceMs: clock.ms, answers });
          };
          const askMany = async () => {
            for (let round = 0; round < 40; round += 1) {
              clock.ms += random() < 0.1 ? random() * 1_500 : random() * 100;
              if (random() < 0.05) memory.doubt();
              await Promise.all(
                Array.from({ length: 4 }, async () => {
                  const at = Math.floor(random() * ASKED.length);
                  const { question, parts, scope } = ASKED[at]!;
                  const reads = memory.wrap(createTreeReads(database.dataSource, scope), scope);
                  const answer = JSON.stringify(await question(reads, parts));
                  const stillHolds = reads.findCheck?.() ?? null;
                  if (stillHolds !== null) given.push({ at, answer, stillHolds });
                  assertOfLastSecond(at, answer);
                }),
              );
              for (const { at, answer, stillHolds } of given.slice(-50)) {
                const holds = stillHolds();
                checks[holds ? "held" : "failed"] += 1;
                if (holds) assertOfLastSecond(at, answer);
              }
            }
          };
          await runSeries(database, steps, async () => {
            await note();
            await askMany();
            if (random() < 0.3) {
              const claim = await claimHost(database.store, random() < 0.5 ? HOST_A : HOST_B);
              await database.store.fail(claim, { kind: "unreachable", message: "no reply" }, 1);
              await note();
              await askMany();
            }
          });
          hits += memory.figures.hits;
          asked += memory.figures.hits + memory.figures.misses;
          await memory.stop();
        },
      ),
      { numRuns: 6, endOnFailure: true },
    );
    // Most answers came from memory, or nothing was proven.
    expect(hits / asked).toBeGreaterThan(0.3);
    expect(checks.held).toBeGreaterThan(1_000);
    expect(checks.failed).toBeGreaterThan(1_000);
  });
});
