import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startDeadline } from "../../../src/server/admission/deadline.js";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => undefined);

test("a deadline ends what races with it, tells listeners once, and aborts its signal, also one that is asked for later", async () => {
  const deadline = startDeadline(1_000);
  const early = deadline.signal;
  const ends: unknown[] = [];
  deadline.onEnd((reason) => ends.push(reason.extensions["code"]));
  const raced = expect(deadline.race(never())).rejects.toMatchObject({
    extensions: { code: "DEADLINE_EXCEEDED", http: { status: 504 } },
  });
  vi.advanceTimersByTime(999);
  expect([deadline.isOver(), early.aborted, ends]).toEqual([false, false, []]);
  vi.advanceTimersByTime(1);
  await raced;
  deadline.abandon();
  expect([deadline.isOver(), early.aborted, ends]).toEqual([true, true, ["DEADLINE_EXCEEDED"]]);
  const late = startDeadline(1_000);
  late.abandon();
  expect(late.signal.aborted).toBe(true);
  expect(late.signal.reason).toMatchObject({ extensions: { code: "CLIENT_GONE" } });
});

test("who listens after the end is told at once, and who stopped listening is not told", () => {
  const deadline = startDeadline(1_000);
  const told: string[] = [];
  deadline.onEnd(() => told.push("stopped"))();
  deadline.abandon();
  deadline.onEnd(() => told.push("late"));
  expect(told).toEqual(["late"]);
});

test("a deadline that is cleared never ends", () => {
  const deadline = startDeadline(1_000);
  deadline.clear();
  vi.advanceTimersByTime(5_000);
  expect(deadline.isOver()).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

test("work that never waits is stopped by the clock, although no timer could fire", () => {
  const deadline = startDeadline(1_000);
  deadline.check();
  vi.spyOn(performance, "now").mockReturnValue(performance.now() + 1_001);
  expect(deadline.check).toThrow("took longer than 1000 ms");
  vi.restoreAllMocks();
});

test("what ends in time settles as it would without a deadline", async () => {
  const deadline = startDeadline(1_000);
  expect(await deadline.race(Promise.resolve("done"))).toBe("done");
  await expect(deadline.race(Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  deadline.clear();
});
