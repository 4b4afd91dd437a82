import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HostSchedule, PassOutcome, PassTurn } from "../../../src/refresher/schedule/schedule.js";
import { startTimerSchedule } from "../../../src/refresher/schedule/timer-schedule.js";
import type { ConfiguredHost } from "../../../src/store/types.js";
import { hostsNamed } from "./polling-diary.js";

const INTERVAL_MS = 15_000;
const RUNS = 300;
/** As long as other gateways respect the claims of one that has crashed; see store/write/gateway-list.ts. */
const ALIVE_MS = INTERVAL_MS / 4;
const WISH_MS = 10_000;
/** The longest wait until a host is looked at again that another gateway polls. */
const BUSY_WAIT_MS = 1_500;

interface Claim {
  by: number;
  isRunning: boolean;
  wantedBy: number | null;
  wantedUntilMs: number;
  successMs: number;
}

/** The rules of store/write/claims.ts, by a clock that can be moved; test/store/write checks the SQL itself. */
class SimulatedClaims {
  readonly claims = new Map<string, Claim>();
  readonly crashedMs = new Map<number, number>();
  readonly writtenMs = new Map<string, number[]>();

  private isAlive(gateway: number): boolean {
    return performance.now() < (this.crashedMs.get(gateway) ?? Infinity) + ALIVE_MS;
  }

  claim(hostId: string, gateway: number, { freshMs }: PassTurn): Claim | "busy" | "fresh" {
    const nowMs = performance.now();
    const last = this.claims.get(hostId);
    if (last !== undefined && last.by !== gateway && last.successMs > nowMs - freshMs) return "fresh";
    const isTaken = last?.isRunning === true && last.by !== gateway && this.isAlive(last.by);
    const wanted = last?.wantedBy ?? gateway;
    const isWanted = wanted !== gateway && last!.wantedUntilMs > nowMs && this.isAlive(wanted);
    if (last !== undefined && (isTaken || isWanted)) {
      if (!isWanted) [last.wantedBy, last.wantedUntilMs] = [gateway, nowMs + WISH_MS];
      return "busy";
    }
    const successMs = last?.successMs ?? Number.NEGATIVE_INFINITY;
    const claim = { by: gateway, isRunning: true, wantedBy: null, wantedUntilMs: 0, successMs };
    this.claims.set(hostId, claim);
    return claim;
  }

  /** `false`: another claim came between. */
  end(hostId: string, claim: Claim): boolean {
    if (this.claims.get(hostId) !== claim) return false;
    claim.isRunning = false;
    claim.wantedBy = null;
    claim.successMs = performance.now();
    this.writtenMs.get(hostId)!.push(claim.successMs);
    return true;
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Starts a gateway whose passes take as long as the hosts need; after its crash they never end. */
function startGateway(
  claims: SimulatedClaims,
  gateway: number,
  hosts: readonly ConfiguredHost[],
  durationMs: (hostId: string) => number,
  random: () => number,
): HostSchedule<PassOutcome> {
  return startTimerSchedule<PassOutcome>({
    hosts,
    intervalMs: INTERVAL_MS,
    concurrency: 32,
    now: () => performance.now(),
    random,
    run: async ({ id }, signal, turn) => {
      const claim = claims.claim(id, gateway, turn);
      if (claim === "busy" || claim === "fresh")
        return { outcome: "deferred", deferral: claim, failure: null };
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, durationMs(id));
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          resolve();
        });
      });
      if (signal.aborted || claims.crashedMs.has(gateway)) return { failure: { kind: "aborted" } };
      return { outcome: claims.end(id, claim) ? "done" : "superseded", failure: null };
    },
  });
}

/** Creates a generator of numbers from 0 to 1 that a failed run can be repeated with. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state - 1) / 2_147_483_646;
  };
}

test("whatever gateways start and crash and however slow hosts are, every host is written once in three intervals, or later by what further crashes cost", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        speeds: fc.array(fc.double({ min: 0.001, max: 0.95, noNaN: true }), { minLength: 1, maxLength: 6 }),
        starts: fc.array(fc.nat({ max: 12 * INTERVAL_MS }), { minLength: 0, maxLength: 5 }),
        seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        lives: fc.array(fc.integer({ min: 1, max: 8 * INTERVAL_MS }), { minLength: 5, maxLength: 5 }),
      }),
      async ({ speeds, starts, seed, lives }) => {
        const hosts = hostsNamed(speeds.length);
        const claims = new SimulatedClaims();
        const random = createRandom(seed);
        const beginMs = performance.now();
        for (const { id } of hosts) claims.writtenMs.set(id, [beginMs]);
        const durationMs = (hostId: string) => speeds[Number(hostId.slice(5))]! * INTERVAL_MS;
        // The first gateway stays; the others come, and crash in the middle of whatever they do.
        const all = [startGateway(claims, 0, hosts, durationMs, random)];
        starts.forEach((startMs, at) => {
          setTimeout(() => {
            const gateway = startGateway(claims, at + 1, hosts, durationMs, random);
            all.push(gateway);
            setTimeout(() => {
              claims.crashedMs.set(at + 1, performance.now());
              void gateway.stop();
            }, lives[at]);
          }, startMs);
        });
        try {
          await vi.advanceTimersByTimeAsync(25 * INTERVAL_MS);
          for (const [hostId, times] of claims.writtenMs) {
            [...times.slice(1), performance.now()].forEach((untilMs, at) => {
              const fromMs = times[at] ?? 0;
              const isBetween = (atMs: number) => fromMs - ALIVE_MS < atMs && atMs < untilMs;
              const crashes = [...claims.crashedMs.values()].filter(isBetween).length;
              // One crash is allowed for. Each further one may cost the pass that it ended, and the time to notice.
              const lostMs = Math.max(0, crashes - 1) * (durationMs(hostId) + ALIVE_MS + BUSY_WAIT_MS);
              expect(untilMs - fromMs).toBeLessThan(3 * INTERVAL_MS + lostMs);
            });
          }
        } finally {
          const stopped = Promise.all(all.map((gateway) => gateway.stop()));
          await vi.runAllTimersAsync();
          await stopped;
        }
      },
    ),
    { numRuns: RUNS },
  );
});
