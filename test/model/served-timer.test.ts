import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PARTS, startServedTimer } from "../../src/model/served-timer.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function start(hasNews?: () => boolean) {
  const expire = vi.fn();
  return { expire, stop: startServedTimer(1_000, expire, hasNews) };
}

test("it expires once, after its time, where the event loop is free", () => {
  const { expire } = start();
  vi.advanceTimersByTime(999);
  expect(expire).not.toHaveBeenCalled();
  vi.advanceTimersByTime(10_000);
  expect(expire).toHaveBeenCalledTimes(1);
});

test("it does not expire once it is stopped", () => {
  const { expire, stop } = start();
  vi.advanceTimersByTime(999);
  stop();
  vi.advanceTimersByTime(10_000);
  expect(expire).not.toHaveBeenCalled();
});

test("news begin the count again", () => {
  let isNews = true;
  const { expire } = start(() => isNews);
  vi.advanceTimersByTime(10_000);
  expect(expire).not.toHaveBeenCalled();
  isNews = false;
  vi.advanceTimersByTime(1_000);
  expect(expire).toHaveBeenCalledTimes(1);
});

test("the event loop serves sockets as often as it has parts, however busy it is", async () => {
  vi.useRealTimers();
  const ms = PARTS;
  let served = 0;
  await new Promise<void>((resolve) => {
    startServedTimer(ms, resolve);
    const serve = (): void => {
      served += 1;
      const endsAt = performance.now() + 2 * ms;
      while (performance.now() < endsAt);
      if (served <= PARTS) setImmediate(serve);
    };
    setImmediate(serve);
  });
  expect(served).toBeGreaterThanOrEqual(PARTS - 1);
});
