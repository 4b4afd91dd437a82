import { expect, test } from "vitest";
import { createBatcher } from "../../../src/store/write/batch.js";

/** Calls that end when told to. */
function calls(
  options: { readonly getWeight?: (item: string) => number; readonly concurrency?: number } = {},
) {
  const made: { readonly items: readonly string[]; end: (error?: Error) => void }[] = [];
  const ask = createBatcher<string, string, string>(
    { getKey: (item) => item.slice(0, 1), ...options },
    (items) =>
      new Promise((resolve, reject) => {
        const answers = new Map(
          items.filter((item) => item !== "x").map((item) => [item.slice(0, 1), `${item}!`]),
        );
        made.push({
          items,
          end: (error) => {
            if (error === undefined) resolve(answers);
            else reject(error);
          },
        });
      }),
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { made, ask, settle };
}

test("asks at once while nothing is under way, and gathers what comes meanwhile", async () => {
  const { made, ask, settle } = calls();
  const answers = [ask("a"), ask("b"), ask("c")];
  expect(made.map(({ items }) => items)).toEqual([["a"]]);
  made[0]!.end();
  await settle();
  expect(made.map(({ items }) => items)).toEqual([["a"], ["b", "c"]]);
  made[1]!.end();
  expect(await Promise.all(answers)).toEqual(["a!", "b!", "c!"]);
  const last = ask("d");
  made[2]!.end();
  expect(await last).toBe("d!");
});

test("never has one key twice in a call", async () => {
  const { made, ask, settle } = calls();
  const answers = [ask("a0"), ask("b1"), ask("b2"), ask("c1")];
  made[0]!.end();
  await settle();
  made[1]!.end();
  await settle();
  made[2]!.end();
  expect(await Promise.all(answers)).toEqual(["a0!", "b1!", "b2!", "c1!"]);
  expect(made.map(({ items }) => items)).toEqual([["a0"], ["b1", "c1"], ["b2"]]);
});

test("has at most 200 in a call", async () => {
  const { made, ask, settle } = calls();
  // Keys are single characters here.
  const answers = Array.from({ length: 301 }, (_, at) => ask(String.fromCharCode(0x4e00 + at)));
  for (let call = 0; call < 3; call += 1) {
    made[call]!.end();
    await settle();
  }
  await Promise.all(answers);
  expect(made.map(({ items }) => items.length)).toEqual([1, 200, 100]);
});

test("tells a failure to those whose call failed, nothing to those without an answer, and goes on", async () => {
  const { made, ask, settle } = calls();
  const [first, second, third] = [ask("a"), ask("b"), ask("x")];
  made[0]!.end(new Error("lost"));
  await expect(first).rejects.toThrow("lost");
  await settle();
  made[1]!.end();
  expect(await Promise.all([second, third])).toEqual(["b!", undefined]);
});

test("fills a call by weight, sends what is too heavy alone, and lets nothing wait for ever", async () => {
  const { made, ask, settle } = calls({ getWeight: (item) => Number(item.slice(1)) });
  const answers = [ask("a1"), ask("b150"), ask("c300"), ask("d60"), ask("e50")];
  for (let call = 0; call < 4; call += 1) {
    made[call]!.end();
    await settle();
  }
  await Promise.all(answers);
  expect(made.map(({ items }) => items)).toEqual([["a1"], ["b150", "e50"], ["c300"], ["d60"]]);
});

test("runs as many batches at the same time as its concurrency allows", async () => {
  const { made, ask, settle } = calls({ concurrency: 2 });
  const answers = [ask("a"), ask("b"), ask("c"), ask("d")];
  expect(made.map(({ items }) => items)).toEqual([["a"], ["b"]]);
  made[1]!.end();
  await settle();
  expect(made.map(({ items }) => items)).toEqual([["a"], ["b"], ["c", "d"]]);
  made[0]!.end();
  made[2]!.end();
  expect(await Promise.all(answers)).toEqual(["a!", "b!", "c!", "d!"]);
});
