import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createPace } from "../../portal/src/shared/answers/pace.js";

/** A task that takes some time, and when each of its runs began. */
function createTask(takesMs: number) {
  const beganAt: number[] = [];
  const task = async () => {
    beganAt.push(performance.now());
    await new Promise((resolve) => setTimeout(resolve, takesMs));
  };
  return { task, beganAt };
}

describe("a view that is read again when something changes", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("is read once for what comes together, soon", async () => {
    const { task, beganAt } = createTask(10);
    const pace = createPace(task);
    const from = performance.now();
    for (let count = 0; count < 1_000; count += 1) pace.ask();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(beganAt.map((at) => at - from)).toEqual([200]);
  });

  test("at a thousand changes a second for a minute it is read about once a second, and at last after the last change", async () => {
    const { task, beganAt } = createTask(50);
    const pace = createPace(task);
    for (let ms = 0; ms < 60_000; ms += 1) {
      pace.ask();
      await vi.advanceTimersByTimeAsync(1);
    }
    const lastAskedAt = performance.now() - 1;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(beganAt.length).toBeLessThanOrEqual(61);
    expect(beganAt.length).toBeGreaterThanOrEqual(50);
    expect(beganAt.at(-1)!).toBeGreaterThanOrEqual(lastAskedAt);
  });

  test("whenever changes come and however slow the server is, it has nine tenths of the time for others, and no change is forgotten", async () => {
    const gaps = fc.array(fc.nat(3_000), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(gaps, fc.integer({ min: 1, max: 3_000 }), async (series, takesMs) => {
        const { task, beganAt } = createTask(takesMs);
        const pace = createPace(task);
        let askedAt = 0;
        for (const gapMs of series) {
          pace.ask();
          askedAt = performance.now();
          await vi.advanceTimersByTimeAsync(gapMs);
        }
        await vi.advanceTimersByTimeAsync(10 * takesMs + 2_000);
        expect(beganAt.at(-1)!).toBeGreaterThan(askedAt);
        beganAt.slice(1).forEach((at, run) => {
          expect(at - beganAt[run]!).toBeGreaterThanOrEqual(Math.max(10 * takesMs, takesMs + 1_000) - 1e-6);
        });
      }),
    );
  });

  test("a view that was left is not read any more", async () => {
    const { task, beganAt } = createTask(10);
    const pace = createPace(task);
    pace.ask();
    await vi.advanceTimersByTimeAsync(200);
    pace.ask();
    pace.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(beganAt).toHaveLength(1);
  });
});
