import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type {
  HostSchedule,
  PassOutcome,
  PassTurn,
  ScheduleOptions,
} from "../../../src/refresher/schedule/schedule.js";
import { startTimerSchedule } from "../../../src/refresher/schedule/timer-schedule.js";
import { computePhase } from "../../../src/refresher/schedule/timing.js";
import type { ConfiguredHost } from "../../../src/store/types.js";
import { configuredHost } from "../../support/builders/passes.js";

const INTERVAL_MS = 15_000;
const OK: PassOutcome = { failure: null };
const failed = (kind: string): PassOutcome => ({ failure: { kind } });
const hosts = (count: number) => Array.from({ length: count }, (_, at) => configuredHost(`host-${at}`));

/** Passes that take as long as they are told, and a record of all that happened. */
class Passes {
  readonly starts: { hostId: string; atMs: number }[] = [];
  readonly running = new Set<string>();
  mostAtOnce = 0;
  overlaps = 0;
  durationMs: (hostId: string) => number = () => 0;
  outcome: (hostId: string) => PassOutcome = () => OK;

  run = async ({ id }: ConfiguredHost, signal: AbortSignal): Promise<PassOutcome> => {
    this.starts.push({ hostId: id, atMs: performance.now() });
    if (this.running.has(id)) this.overlaps += 1;
    this.running.add(id);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running.size);
    if (this.durationMs(id) > 0) await this.work(this.durationMs(id), signal);
    this.running.delete(id);
    return signal.aborted ? failed("aborted") : this.outcome(id);
  };

  private async work(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    });
  }

  of(hostId: string): number[] {
    return this.starts.filter((start) => start.hostId === hostId).map(({ atMs }) => atMs);
  }
}

let passes: Passes;
let schedule: HostSchedule<PassOutcome>;

function start(
  options: Partial<ScheduleOptions<PassOutcome>> & { readonly hosts: readonly ConfiguredHost[] },
) {
  schedule = startTimerSchedule({
    intervalMs: INTERVAL_MS,
    concurrency: 32,
    run: passes.run,
    now: () => performance.now(),
    random: () => 0.5,
    ...options,
  });
  return schedule;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  passes = new Passes();
});

afterEach(async () => {
  const stopped = schedule.stop();
  await vi.runAllTimersAsync();
  await stopped;
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("a schedule", () => {
  test("polls every host at once, and then once an interval, each at its own turn", async () => {
    const startMs = performance.now();
    start({ hosts: hosts(20) });
    await vi.advanceTimersByTimeAsync(4 * INTERVAL_MS - 1);
    for (const { id } of hosts(20)) {
      const turns = passes.of(id).map((atMs) => atMs - startMs);
      const phaseMs = computePhase(id, INTERVAL_MS);
      expect(turns).toEqual([0, ...[0, 1, 2, 3].map((turn) => phaseMs + turn * INTERVAL_MS)]);
    }
  });

  test("keeps a host's turns after a pass that takes longer than the interval, and misses those in between", async () => {
    const startMs = performance.now();
    passes.durationMs = () => 1.5 * INTERVAL_MS;
    start({ hosts: hosts(1) });
    await vi.advanceTimersByTimeAsync(5 * INTERVAL_MS);
    const phaseMs = computePhase("host-0", INTERVAL_MS);
    // The first pass, at once, ends in the second interval.
    const [first, ...turns] = passes.of("host-0").map((atMs) => atMs - startMs);
    expect(first).toBe(0);
    const from = phaseMs < INTERVAL_MS / 2 ? 2 : 1;
    expect(turns.map((atMs) => (atMs - phaseMs) / INTERVAL_MS)).toEqual([from, from + 2]);
    expect(passes.overlaps).toBe(0);
  });

  test("lets a host rest whose answers take more than their share, and gives the others every turn meanwhile", async () => {
    const others = hosts(30).slice(1);
    const poll = async () => {
      const startMs = performance.now();
      start({ hosts: hosts(30) });
      await vi.advanceTimersByTimeAsync(20 * INTERVAL_MS);
      const turns = others.map(({ id }) => passes.of(id).map((atMs) => atMs - startMs));
      const stopped = schedule.stop();
      await vi.runAllTimersAsync();
      await stopped;
      return { turns, greedy: passes.of("host-0").length };
    };
    const without = await poll();
    passes = new Passes();
    passes.outcome = (hostId) => ({ failure: null, restMs: hostId === "host-0" ? 4 * INTERVAL_MS : 0 });
    const beside = await poll();
    expect(beside.turns).toEqual(without.turns);
    expect(without.greedy).toBe(21);
    expect(beside.greedy).toBe(1 + 4);
  });

  test.each(["unreachable", "database"])(
    "lets a host rest before it is tried again, after a failure: %s",
    async (kind) => {
      passes.outcome = () => ({ ...failed(kind), restMs: 50_000 });
      start({ hosts: hosts(1) });
      await vi.advanceTimersByTimeAsync(49_000);
      expect(passes.of("host-0")).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(passes.of("host-0")).toHaveLength(2);
    },
  );

  test("tells how many passes run, and how many wait for room", async () => {
    passes.durationMs = () => 1_000;
    start({ hosts: hosts(5), concurrency: 2, intervalMs: null });
    expect(schedule.load).toEqual({ running: 0, waiting: 0 });
    const asked = hosts(5).map(({ id }) => schedule.refreshNow(id));
    await vi.advanceTimersByTimeAsync(500);
    expect(schedule.load).toEqual({ running: 2, waiting: 3 });
    await vi.advanceTimersByTimeAsync(3_000);
    await Promise.all(asked);
    expect(schedule.load).toEqual({ running: 0, waiting: 0 });
  });

  test("never has more passes at once than it may, but for one that hangs, and lets none wait for that one", async () => {
    passes.durationMs = (hostId) => (hostId === "host-0" ? 10 * INTERVAL_MS : 1_000);
    start({ hosts: hosts(50), concurrency: 8 });
    await vi.advanceTimersByTimeAsync(4 * INTERVAL_MS);
    expect(passes.mostAtOnce).toBeLessThanOrEqual(8 + 1);
    expect(passes.overlaps).toBe(0);
    for (const { id } of hosts(50).slice(1)) expect(passes.of(id).length).toBeGreaterThanOrEqual(3);
  });

  test("serves hosts in the order in which they became due when there is no room for all", async () => {
    passes.durationMs = () => 1_000;
    start({ hosts: hosts(40), concurrency: 1 });
    await vi.advanceTimersByTimeAsync(10 * INTERVAL_MS);
    const counts = hosts(40).map(({ id }) => passes.of(id).length);
    // One more or less than the others, since the first passes are not at the hosts' turns.
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  });

  test("tries a host that failed again soon, then less and less often, and returns to its turns", async () => {
    passes.outcome = () => failed("unreachable");
    start({ hosts: hosts(1) });
    await vi.advanceTimersByTimeAsync(INTERVAL_MS + 200_000);
    const at = passes.of("host-0");
    // Half of 2, 4, 8, 16, 32, 60, 60 seconds: the dice always say 0.5 here.
    expect(at.slice(1, 8).map((ms, index) => ms - (at[index] ?? 0))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
    passes.outcome = () => OK;
    await vi.advanceTimersByTimeAsync(4 * INTERVAL_MS);
    const [beforeLast, last] = passes.of("host-0").slice(-2);
    expect(last! - beforeLast!).toBe(INTERVAL_MS);
  });

  test("lets no host wait for hosts that hang, however many of them there are", async () => {
    const isHanging = (hostId: string) => Number(hostId.slice(5)) < 40;
    passes.durationMs = (hostId) => (isHanging(hostId) ? 2 * INTERVAL_MS : 10);
    passes.outcome = (hostId) => (isHanging(hostId) ? failed("timeout") : OK);
    const startMs = performance.now();
    start({ hosts: hosts(60), concurrency: 8 });
    await vi.advanceTimersByTimeAsync(12 * INTERVAL_MS);
    for (const { id } of hosts(60).filter(({ id }) => !isHanging(id))) {
      const [first, ...turns] = passes.of(id).map((atMs) => atMs - startMs);
      // Forty hosts, eight at a time, that keep their slot for an eighth of the interval.
      expect(first).toBeLessThan(INTERVAL_MS);
      const lateMs = turns.map((atMs) => (atMs - computePhase(id, INTERVAL_MS)) % INTERVAL_MS);
      expect(Math.max(...lateMs)).toBeLessThan(100);
    }
  });

  test("tries a superseded pass again soon, and tells it that it was", async () => {
    const turns: PassTurn[] = [];
    const outcomes = ["superseded", "superseded", "done", "done"];
    const run = (_: ConfiguredHost, __: AbortSignal, turn: PassTurn): Promise<PassOutcome> => {
      turns.push(turn);
      return Promise.resolve({ outcome: outcomes.shift() ?? "done", failure: null });
    };
    start({ hosts: hosts(1), run });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(turns.map(({ isRetry }) => isRetry)).toEqual([false, true, true]);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(turns[3]).toEqual({ isRetry: false, freshMs: INTERVAL_MS / 2 });
  });

  test("asks again soon for a host that another gateway polls, and at its turn once that has succeeded", async () => {
    const asked: number[] = [];
    const startMs = performance.now();
    const run = (): Promise<PassOutcome> => {
      asked.push(performance.now() - startMs);
      const deferral = performance.now() - startMs < 4_000 ? "busy" : "fresh";
      return Promise.resolve({ outcome: "deferred", deferral, failure: null });
    };
    start({ hosts: hosts(1), run });
    await vi.advanceTimersByTimeAsync(INTERVAL_MS / 2);
    const soon = asked.filter((atMs) => atMs < 6_000);
    expect(soon.length).toBeGreaterThanOrEqual(3);
    expect(soon.length).toBeLessThan(8);
    expect(asked.filter((atMs) => atMs >= 6_000).length).toBeLessThanOrEqual(1);
  });

  test("polls a host of other gateways' settings only if they have not done so for an interval and a half", async () => {
    const turns: PassTurn[] = [];
    const run = (_: ConfiguredHost, __: AbortSignal, turn: PassTurn): Promise<PassOutcome> => {
      turns.push(turn);
      return Promise.resolve(OK);
    };
    start({ hosts: [], run }).add(configuredHost("theirs"), { isStandby: true });
    await vi.advanceTimersByTimeAsync(2 * INTERVAL_MS);
    expect(turns.map(({ freshMs }) => freshMs)).toEqual(Array(3).fill(1.5 * INTERVAL_MS));
  });

  test("leaves a host that it cannot ask to another gateway for as long as that polls it, and looks twice an interval", async () => {
    const turns: (PassTurn & { readonly atMs: number })[] = [];
    const startMs = performance.now();
    const run = (_: ConfiguredHost, __: AbortSignal, turn: PassTurn): Promise<PassOutcome> => {
      turns.push({ ...turn, atMs: performance.now() - startMs });
      if (turns.length === 1) return Promise.resolve(failed("untrusted"));
      return Promise.resolve({ outcome: "deferred", deferral: "fresh", failure: null });
    };
    start({ hosts: hosts(1), run });
    await vi.advanceTimersByTimeAsync(4 * INTERVAL_MS);
    const [first, ...others] = turns;
    expect(first?.freshMs).toBe(0);
    expect(others.length).toBeGreaterThanOrEqual(6);
    expect(others.map(({ freshMs }) => freshMs)).toEqual(others.map(() => 1.5 * INTERVAL_MS));
    const gaps = others.slice(1).map(({ atMs }, at) => atMs - others[at]!.atMs);
    expect(gaps).toEqual(gaps.map(() => INTERVAL_MS / 2));
  });

  test("polls nothing by itself when it is off", async () => {
    passes.outcome = () => failed("unreachable");
    start({ hosts: hosts(3), intervalMs: null });
    await vi.advanceTimersByTimeAsync(10 * INTERVAL_MS);
    expect(passes.starts).toEqual([]);
    await Promise.all([schedule.refreshNow("host-1"), vi.advanceTimersByTimeAsync(10 * INTERVAL_MS)]);
    expect(passes.of("host-1")).toHaveLength(1);
  });

  test("joins whoever asks now to the pass under way or waiting", async () => {
    passes.durationMs = () => 1_000;
    start({ hosts: hosts(2), concurrency: 1, intervalMs: null });
    const asked = ["host-0", "host-1", "host-0", "host-1"].map((id) => schedule.refreshNow(id));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await Promise.all(asked)).toEqual([OK, OK, OK, OK]);
    expect(passes.starts).toHaveLength(2);
  });

  test("tells who asks for a host that it does not know", async () => {
    start({ hosts: [] });
    await expect(schedule.refreshNow("nobody")).rejects.toThrow(
      "no host nobody is polled here; add it first",
    );
    await schedule.remove("nobody");
  });

  test("goes on after a pass that throws, and tells only who asked for it", async () => {
    let calls = 0;
    const run = () => {
      calls += 1;
      return Promise.reject(new Error("a bug"));
    };
    start({ hosts: hosts(1), run });
    await vi.advanceTimersByTimeAsync(INTERVAL_MS + 10_000);
    expect(calls).toBeGreaterThan(2);
    await expect(schedule.refreshNow("host-0")).rejects.toThrow("a bug");
  });

  test("takes hosts in and lets them go while it runs", async () => {
    start({ hosts: hosts(1) });
    const added = configuredHost("added");
    schedule.add(added);
    schedule.add(added);
    await vi.advanceTimersByTimeAsync(2 * INTERVAL_MS);
    expect(passes.of("added")).toHaveLength(1 + 2);
    passes.durationMs = () => 60_000;
    const asked = schedule.refreshNow("added");
    await vi.advanceTimersByTimeAsync(1);
    await schedule.remove("added");
    expect(passes.running.has("added")).toBe(false);
    expect(await asked).toEqual(failed("aborted"));
    await vi.advanceTimersByTimeAsync(10 * INTERVAL_MS);
    expect(passes.of("added")).toHaveLength(1 + 3);
  });

  test("stops with nothing left running: passes under way are told, those that wait never begin their work", async () => {
    passes.durationMs = () => 60_000;
    start({ hosts: hosts(10), concurrency: 4 });
    const asked = hosts(10).map(({ id }) => schedule.refreshNow(id));
    await vi.advanceTimersByTimeAsync(1);
    expect(passes.running.size).toBe(4);
    await schedule.stop();
    expect(passes.running.size).toBe(0);
    expect(await Promise.all(asked)).toEqual(hosts(10).map(() => failed("aborted")));
    schedule.add(configuredHost("late"));
    await expect(schedule.refreshNow("late")).rejects.toThrow("no host late");
    await expect(schedule.refreshNow("host-1")).rejects.toThrow("no host");
  });
});
