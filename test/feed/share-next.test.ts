import { expect, test } from "vitest";
import { shareNext } from "../../src/feed/share-next.js";

/** A run that ends when it is told to. */
function createRuns() {
  const ends: ((error?: Error) => void)[] = [];
  const shared = shareNext(
    () =>
      new Promise<number>((resolve, reject) => {
        const number = ends.length;
        ends.push((error) => {
          if (error === undefined) resolve(number);
          else reject(error);
        });
      }),
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { ends, shared, settle };
}

test("who calls while a run is under way shares the next one, which begins after it", async () => {
  const { ends, shared, settle } = createRuns();
  const first = shared();
  await settle();
  const later = [shared(), shared(), shared()];
  await settle();
  expect(ends).toHaveLength(1);
  ends[0]!();
  expect(await first).toBe(0);
  await settle();
  ends[1]!();
  expect(await Promise.all(later)).toEqual([1, 1, 1]);
  expect(ends).toHaveLength(2);
});

test("a run that fails fails for its callers alone, and the next one begins", async () => {
  const { ends, shared, settle } = createRuns();
  const first = shared();
  const failed = expect(first).rejects.toThrow("on purpose");
  await settle();
  const second = shared();
  ends[0]!(new Error("on purpose"));
  await failed;
  await settle();
  ends[1]!();
  expect(await second).toBe(1);
  await shared.waitUntilIdle();
});
