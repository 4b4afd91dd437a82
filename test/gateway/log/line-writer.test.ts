import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pino } from "pino";
import { createLineWriter } from "../../../src/gateway/line-writer.js";
import { runVnicGraph } from "../../support/processes/process.js";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A log that goes through the writer, and what was written so far, each write as the numbers of its lines. */
function openLog() {
  const writes: number[][] = [];
  const write = (text: string) =>
    writes.push(
      text
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { at: number }).at),
    );
  return { log: pino({ base: null }, createLineWriter({ write })), writes };
}

/** Lets time pass without a turn for timers. */
function tick(ms: number): void {
  const nowMs = performance.now();
  vi.spyOn(performance, "now").mockReturnValue(nowMs + ms);
}

test("a line of a quiet process is written at once", () => {
  const { log, writes } = openLog();
  log.info({ at: 1 });
  expect(writes).toEqual([[1]]);
  vi.advanceTimersByTime(20);
  log.info({ at: 2 });
  expect(writes).toEqual([[1], [2]]);
});

test("lines of a burst are written together, in their order, ten milliseconds later", () => {
  const { log, writes } = openLog();
  for (let at = 1; at <= 5; at++) log.info({ at });
  expect(writes).toEqual([[1]]);
  vi.advanceTimersByTime(10);
  expect(writes).toEqual([[1], [2, 3, 4, 5]]);
  log.info({ at: 6 });
  expect(writes).toHaveLength(2);
  vi.advanceTimersByTime(10);
  expect(writes[2]).toEqual([6]);
});

test("lines go out while the process is too busy for timers", () => {
  const { log, writes } = openLog();
  log.info({ at: 1 });
  log.info({ at: 2 });
  tick(4);
  log.info({ at: 3 });
  expect(writes).toEqual([[1]]);
  tick(6);
  log.info({ at: 4 });
  expect(writes).toEqual([[1], [2, 3, 4]]);
});

test("a warning waits for nothing, and takes with it what waits", () => {
  const { log, writes } = openLog();
  for (let at = 1; at <= 3; at++) log.info({ at });
  log.warn({ at: 4 });
  expect(writes).toEqual([[1], [2, 3, 4]]);
});

test("no more than 64 kB wait", () => {
  const { log, writes } = openLog();
  for (let at = 1; at <= 1_000; at++) log.info({ at, text: "x".repeat(1_000) });
  vi.advanceTimersByTime(10);
  expect(writes.length).toBeGreaterThan(15);
  expect(writes.flat()).toEqual(Array.from({ length: 1_000 }, (_, at) => at + 1));
});

test("a line that is logged while the process exits is written", async () => {
  vi.useRealTimers();
  const run = runVnicGraph(["after exit"], {}, ["--import", "tsx", "test/gateway/burst-child.ts"]);
  await run.ended;
  expect(run.output()).toContain('"at":"exit"');
});

test.each(["SIGTERM", "an error that nobody catches", "process.exit"])(
  "all lines of a burst are written, in their order, when the process ends by %s",
  async (end) => {
    vi.useRealTimers();
    const run = runVnicGraph([end], {}, ["--import", "tsx", "test/gateway/burst-child.ts"]);
    await run.ended;
    const lines = run
      .output()
      .split("\n")
      .filter((line) => line.startsWith("{"));
    expect(lines.map((line) => (JSON.parse(line) as { at: number }).at)).toEqual(
      Array.from({ length: 500 }, (_, at) => at),
    );
  },
);

test("what a terminal would obey is escaped, and reads the same once it is parsed", () => {
  let text = "";
  const log = pino({ base: null }, createLineWriter({ write: (line: string) => (text += line) }));
  const viewer = "a\u202eb\u009b31m\u007f\u2028\u0085\u200b\u001b[2J\r\n\u{e0041}\u{1f600}é";
  log.info({ viewer });
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}](?!$)/u);
  expect(text).toContain("\u{1f600}é");
  expect(JSON.parse(text)).toMatchObject({ viewer });
});
