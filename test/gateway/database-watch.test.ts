import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createDatabaseWatch, type DatabaseWatch } from "../../src/gateway/database/database-watch.js";

const MINUTE_MS = 60_000;
const LOST = "the database is not available; queries are refused until it is";
const BACK = "the database is available again";
const REFUSES = "the database refuses to be read as clients ask; they get NOT_AVAILABLE";
const QUIET = "the database has refused no read for ten minutes";

let told: string[];
let isAnswering: boolean;
let watch: DatabaseWatch;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  isAnswering = true;
  const write = (line: string) => {
    const { msg, reason } = JSON.parse(line) as { msg: string; reason?: string };
    told.push(reason === undefined ? msg : `${msg}: ${reason}`);
  };
  watch = createDatabaseWatch(pino({ base: null }, { write }), () =>
    isAnswering ? Promise.resolve() : Promise.reject(new Error("away")),
  );
});

afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

test.each([10, 60, 300])(
  "a question that is refused every %i seconds is one line, and one when it was not for ten minutes",
  async (seconds) => {
    for (let n = 0; n < 20; n += 1) {
      watch.noteRefusal(new Error("no such column"));
      await vi.advanceTimersByTimeAsync(seconds * 1_000);
    }
    expect(told).toEqual([`${REFUSES}: no such column`]);
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
    expect(told).toEqual([`${REFUSES}: no such column`, QUIET]);
    watch.noteRefusal(new Error("no such column"));
    expect(told.at(-1)).toBe(`${REFUSES}: no such column`);
  },
);

test("another reason is another line; more than twenty are not told", () => {
  watch.noteRefusal(new Error("lock timeout"));
  watch.noteRefusal(new Error("no such column"));
  watch.noteRefusal(new Error("lock timeout"));
  expect(told).toEqual([`${REFUSES}: lock timeout`, `${REFUSES}: no such column`]);
  for (let n = 0; n < 50; n += 1) watch.noteRefusal(new Error(`no space for file ${n}`));
  expect(told).toHaveLength(20);
});

test("a lost database is told once each way, within a second, also while reads are refused", async () => {
  watch.noteRefusal(new Error("no such column"));
  isAnswering = false;
  for (let n = 0; n < 5; n += 1) {
    watch.noteFailure(new Error("connection refused"));
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
  }
  expect(told).toEqual([`${REFUSES}: no such column`, `${LOST}: connection refused`]);
  isAnswering = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.at(-1)).toBe(BACK);
});

test("nothing is told after it was stopped", async () => {
  isAnswering = false;
  watch.noteFailure(new Error("connection refused"));
  watch.noteRefusal(new Error("no such column"));
  watch.stop();
  isAnswering = true;
  await vi.advanceTimersByTimeAsync(20 * MINUTE_MS);
  expect(told).toHaveLength(2);
});
