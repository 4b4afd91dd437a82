import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../../src/model/limits.js";
import { measureJsonDepth } from "../../../../src/server/graphql/request/json-depth.js";
import { createRequestReader } from "../../../../src/server/graphql/request/request-reader.js";

test("of large bodies that come together one is worked on in a turn of the event loop, and a small one waits for none", async () => {
  const reader = createRequestReader(DEFAULT_LIMITS);
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const read = async (bytes: number): Promise<number> => {
    const { parse, release } = await reader.read(createBody([JSON.stringify("x".repeat(bytes))]));
    const parsedIn = turn;
    parse();
    release();
    return parsedIn;
  };
  const [small, ...large] = await Promise.all([read(10), ...Array.from({ length: 5 }, () => read(500_000))]);
  isOver = true;
  expect(new Set(large).size).toBe(5);
  expect(small).toBeLessThanOrEqual(Math.min(...large));
});

test.each([
  ['"\\\\"', 0],
  ['["\\"["]', 1],
  ['["\\\\\\"[", [1]]', 2],
  ['["unended [[[', 1],
  ['["\\\\", [[1]], "]]"]', 3],
  ['["', 1],
])("the depth of %s does not count what stands in strings", (text, depth) => {
  expect(measureJsonDepth(text)).toBe(depth);
});

test("each chunk of a body counts as what it takes in memory", async () => {
  const reader = createRequestReader(DEFAULT_LIMITS);
  const spaces = Array.from({ length: 900 }, () => " ");
  // What was refused is given back.
  for (let body = 0; body < 100; body += 1) (await reader.read(createBody(["{", "}"]))).release();
  const scarce = createRequestReader({ ...DEFAULT_LIMITS, bufferedBytes: 100_000 });
  await expect(scarce.read(createBody(spaces))).rejects.toThrow("Too many requests");
  const { parse, release } = await scarce.read(createBody([...spaces.slice(0, 200), "{}"]));
  expect(parse()).toEqual({});
  release();
});

/** A request whose body comes in these chunks. */
function createBody(chunks: readonly string[]): IncomingMessage {
  const body = new IncomingMessage(new Socket());
  body.on("error", () => undefined);
  void (async () => {
    await new Promise(setImmediate);
    for (const chunk of chunks) body.push(Buffer.from(chunk));
    body.push(null);
  })();
  return body;
}
