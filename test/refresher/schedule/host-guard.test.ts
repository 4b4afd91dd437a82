import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HostGuard } from "../../../src/refresher/schedule/host-guard.js";
import type { PassOutcome, PassTurn } from "../../../src/refresher/schedule/schedule.js";
import type { ConfiguredHost } from "../../../src/store/types.js";
import { configuredHost } from "../../support/builders/passes.js";

const INTERVAL_MS = 15_000;
const host = configuredHost("theirs");

/** The stored row of the host, as far as claims look at it. */
let row: { claimedBy: string; successMs: number; isFailing: boolean };
let polledMs: number[];
let released: number;
let guard: HostGuard<PassOutcome>;

function pass(gateway: string, isSuccess: boolean): void {
  const successMs = isSuccess ? performance.now() : row.successMs;
  row = { claimedBy: gateway, successMs, isFailing: !isSuccess };
}

function run(_: ConfiguredHost, __: AbortSignal, { freshMs }: PassTurn): Promise<PassOutcome> {
  const isFresh = row.claimedBy !== "guard" && row.successMs > performance.now() - freshMs;
  if (isFresh) return Promise.resolve({ outcome: "deferred", deferral: "fresh", failure: null });
  polledMs.push(performance.now());
  pass("guard", true);
  return Promise.resolve({ outcome: "done", failure: null });
}

beforeEach(async () => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
  });
  row = { claimedBy: "", successMs: Number.NEGATIVE_INFINITY, isFailing: true };
  polledMs = [];
  released = 0;
  guard = new HostGuard<PassOutcome>({
    hosts: [],
    intervalMs: INTERVAL_MS,
    concurrency: 32,
    run,
    now: () => performance.now(),
    random: () => 0.5,
    listFailing: (forMs) =>
      Promise.resolve(row.isFailing && row.successMs < performance.now() - forMs ? [host.id] : []),
    findOthersHost: () => host,
    release: () => {
      released += 1;
      return Promise.resolve();
    },
  });
  await vi.advanceTimersByTimeAsync(INTERVAL_MS / 2);
  expect(polledMs).toHaveLength(1);
});

afterEach(async () => {
  await guard.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("a guarded host is polled on after a claim of its holder that failed", async () => {
  for (let turn = 2; turn < 6; turn += 1) {
    pass("holder", false);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(polledMs).toHaveLength(turn);
  }
  expect(guard.has(host.id)).toBe(true);
  expect(released).toBe(0);
});

test("a guarded host is let go once its holder has polled it with success", async () => {
  await vi.advanceTimersByTimeAsync(1_000);
  pass("holder", true);
  await vi.advanceTimersByTimeAsync(INTERVAL_MS);
  expect(polledMs).toHaveLength(1);
  expect(guard.has(host.id)).toBe(false);
  expect(released).toBe(1);
});
