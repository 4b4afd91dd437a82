import fc from "fast-check";
import { expect, test } from "vitest";
import { takeFirst } from "../../../src/engine-store/primary/take-first.js";

test("the first wanted numbers are taken in order, of few or of many, with a limit below or above them", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 1, 7, 9_999, 10_000, 10_001, 25_000),
      fc.constantFrom(0, 1, 3, 500, 24_000, 30_000),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      async (count, limit, step, seed) => {
        const values = Array.from({ length: count }, (_, at) => ((at + 1) * seed) % 10_007);
        const compare = (left: number, right: number) => values[left]! - values[right]! || left - right;
        const isWanted = (number: number) => number % step === 0;
        const all = Array.from(values.keys()).filter(isWanted).sort(compare);
        expect(await takeFirst({ count, limit, isWanted, compare })).toEqual(all.slice(0, limit));
      },
    ),
    { numRuns: 40 },
  );
});

test("other work has its turn while many numbers are sorted", async () => {
  let [turns, isDone] = [0, false];
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await takeFirst({
    ...{ count: 100_000, limit: 100_000, isWanted: () => true },
    compare: (left, right) => right - left,
  });
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(10);
});
