import { expect, test } from "vitest";
import fc from "fast-check";
import { pino } from "pino";
import { createLineWriter } from "../../../src/gateway/line-writer.js";
import { createRequestFormat } from "../../../src/gateway/request-lines.js";
import { escapeUnprintable } from "../../../src/model/printable.js";
import type { RequestLine } from "../../../src/server/admission/request-log.js";

const text = fc.oneof(
  fc.constantFrom("anybody", "POST", "/graphql", "", "null", "\u001b[31m", "\u202e", "\ud800", '"\\', "a\nb"),
  fc.string({ unit: "binary", maxLength: 150 }),
);
const number = fc.oneof(fc.constant(null), fc.nat());
const line: fc.Arbitrary<RequestLine> = fc.record({
  requestId: fc.uuid(),
  viewer: fc.option(text),
  address: text,
  method: text,
  path: text,
  operation: fc.option(text),
  hash: fc.option(fc.stringMatching(/^[0-9a-f]{64}$/)),
  cost: number,
  rows: number,
  ms: fc.nat(),
  status: fc.integer({ min: 100, max: 599 }),
  decision: text,
});

test("a request's line has the same bytes as one that pino formats, whatever the lines before it said", () => {
  const formatTime = () => ',"time":"2026-11-29T12:00:00.000Z"';
  let expected = "";
  const log = pino(
    { base: null, timestamp: formatTime, formatters: { level: (label) => ({ level: label }) } },
    { write: (written: string) => (expected = escapeUnprintable(written)) },
  );
  const format = createRequestFormat(formatTime);
  fc.assert(
    fc.property(line, (given) => {
      log.info(given, "request");
      expect(format(given)).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});

test("a request's line keeps its place among others, and goes out with the next warning", () => {
  const writes: string[] = [];
  const writer = createLineWriter({ write: (written: string) => writes.push(written) });
  const log = pino({ base: null }, writer);
  log.info("first");
  writer.writePrintable("second\n");
  expect(writes).toHaveLength(1);
  log.warn("third");
  expect(writes).toHaveLength(2);
  expect(writes[1]).toMatch(/^second\n.*third/);
});
