import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/model/limits.js";
import { measureJsonDepth } from "../../../src/server/graphql/json-depth.js";
import { createRequestReader } from "../../../src/server/graphql/request-reader.js";

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
    const body = Readable.from([Buffer.from(JSON.stringify("x".repeat(bytes)))]) as IncomingMessage;
    const { parse, release } = await reader.read(body);
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
