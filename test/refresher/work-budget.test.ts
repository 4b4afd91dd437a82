import fc from "fast-check";
import { expect, test } from "vitest";
import { WorkBudget } from "../../src/refresher/work-budget.js";
import { WorkMeter } from "../../src/vdsm/scan/work-meter.js";

const INTERVAL_MS = 15_000;
const SHARE = 0.1;
const CREDIT_MS = 30_000;

test("a host whose answers take a tenth of a core or less never rests", () => {
  let nowMs = 0;
  const budget = new WorkBudget(() => nowMs);
  for (let pass = 1; pass <= 1_000; pass += 1, nowMs += INTERVAL_MS) {
    expect(budget.computeRest(pass * INTERVAL_MS * SHARE)).toBe(0);
  }
});

test("the first pass over a very large host costs it no rest", () => {
  expect(new WorkBudget(() => 0).computeRest(CREDIT_MS)).toBe(0);
});

test("whatever a host's answers cost, it takes a tenth of a core and its first credit at most, beside its last answer", () => {
  const passes = fc.array(fc.tuple(fc.nat(60_000), fc.nat(40_000)), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(passes, (series) => {
      let [nowMs, workedMs] = [0, 0];
      const budget = new WorkBudget(() => nowMs);
      for (const [workMs, pauseMs] of series) {
        // Within its share before this answer.
        expect(workedMs).toBeLessThanOrEqual(CREDIT_MS + nowMs * SHARE + 1);
        nowMs += workMs;
        workedMs += workMs;
        nowMs += Math.max(budget.computeRest(workedMs), pauseMs);
      }
    }),
  );
});

test("a host that rested is not asked to rest for the same work again", () => {
  let nowMs = 0;
  const budget = new WorkBudget(() => nowMs);
  const restMs = budget.computeRest(CREDIT_MS + 1_000);
  expect(restMs).toBe(10_000);
  nowMs += restMs;
  expect(budget.computeRest(CREDIT_MS + 1_000)).toBe(0);
});

test("a meter adds up what work takes, also of work that throws", () => {
  let nowMs = 0;
  const meter = new WorkMeter(() => nowMs);
  const work = (ms: number) => () => {
    nowMs += ms;
    if (ms > 100) throw new Error("too much");
    return ms;
  };
  expect(meter.measure(work(40))).toBe(40);
  nowMs += 1_000;
  expect(() => meter.measure(work(500))).toThrow("too much");
  expect(meter.workedMs).toBe(540);
});
