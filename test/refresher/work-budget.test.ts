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
  const { meter, work } = createMeter();
  expect(meter.measure(work({ clockMs: 40, cpuMs: 40 }))).toBe(40);
  expect(() => meter.measure(work({ clockMs: 500, cpuMs: 500 }))).toThrow("too much");
  expect(meter.workedMs).toBe(540);
});

test("a process that is paused in the middle of an honest host's answer does not make the host rest", () => {
  const { meter, work } = createMeter();
  const budget = new WorkBudget(() => 0);
  meter.measure(work({ clockMs: 600_000, cpuMs: 40 }));
  expect(meter.workedMs).toBe(40);
  expect(budget.computeRest(meter.workedMs)).toBe(0);
});

test("what other threads of the process work meanwhile is not the host's", () => {
  const { meter, work } = createMeter();
  meter.measure(work({ clockMs: 40, cpuMs: 130 }));
  expect(meter.workedMs).toBe(40);
});

test("by the real clocks, work that keeps the process busy counts, and waiting does not", () => {
  const meter = new WorkMeter();
  const pause = new Int32Array(new SharedArrayBuffer(4));
  meter.measure(() => Atomics.wait(pause, 0, 0, 300));
  const pausedMs = meter.workedMs;
  const startedCpuMs = process.cpuUsage().user / 1_000;
  meter.measure(() => {
    while (process.cpuUsage().user / 1_000 - startedCpuMs < 50);
  });
  // Other threads may work for a moment, but not for all of the wait.
  expect(pausedMs).toBeLessThan(150);
  expect(meter.workedMs - pausedMs).toBeGreaterThanOrEqual(49);
});

/** A meter whose clocks go as the work says. */
function createMeter() {
  let [nowMs, cpuMs] = [0, 0];
  const work = (taken: { readonly clockMs: number; readonly cpuMs: number }) => (): number => {
    nowMs += taken.clockMs;
    cpuMs += taken.cpuMs;
    if (taken.clockMs === 500) throw new Error("too much");
    return taken.clockMs;
  };
  const meter = new WorkMeter(
    () => nowMs,
    () => cpuMs,
  );
  return { meter, work };
}
