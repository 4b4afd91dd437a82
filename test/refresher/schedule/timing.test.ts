import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { computeBackOff, computeNextTurn, computePhase } from "../../../src/refresher/schedule/timing.js";
import { HOST_A } from "../../support/builders/ids.js";

describe("a host's turn", () => {
  test("is the same at every start", () => {
    expect(computePhase(HOST_A, 15_000)).toBe(computePhase(HOST_A, 15_000));
    expect(computePhase(HOST_A, 15_000)).toBeLessThan(15_000);
  });

  test("spreads 500 hosts evenly over the interval", () => {
    const bins = Array<number>(20).fill(0);
    for (let host = 0; host < 500; host += 1) {
      // Names that differ in a digit only, as hosts do.
      const bin = Math.floor(computePhase(`host${host}.example.test:54321`, 15_000) / 750);
      bins[bin]! += 1;
    }
    const chiSquare = bins.reduce((sum, count) => sum + (count - 25) ** 2 / 25, 0);
    // 19 degrees of freedom: even luck exceeds this once in a thousand; these hosts are always the same.
    expect(chiSquare).toBeLessThan(43.8);
  });

  test("comes on its grid, always later, never more than an interval later", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 86_400_000 }),
        fc.integer({ min: 1, max: 86_400_000 }),
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        (phase, intervalMs, afterMs) => {
          const phaseMs = phase % intervalMs;
          const turnMs = computeNextTurn(phaseMs, intervalMs, afterMs);
          expect(turnMs).toBeGreaterThan(afterMs);
          expect(turnMs - afterMs).toBeLessThanOrEqual(intervalMs + 0.001);
          expect((turnMs - phaseMs) % intervalMs).toBe(0);
        },
      ),
    );
  });
});

describe("waiting after failures", () => {
  const longest = () => 0.999_999;

  test.each([
    [1, 2_000],
    [2, 4_000],
    [5, 32_000],
    [6, 60_000],
    [1_000, 60_000],
  ])("after %i in a row is at most %i ms", (failures, mostMs) => {
    expect(computeBackOff(failures, "unreachable", 15_000, longest)).toBeCloseTo(mostMs, -1);
    expect(computeBackOff(failures, "unreachable", 15_000, () => 0)).toBe(1_000);
  });

  test("with distrusted certificates is never shorter than half the interval", () => {
    expect(computeBackOff(1, "untrusted", 15_000, () => 0)).toBe(7_500);
    expect(computeBackOff(1, "untrusted", 1_000, () => 0)).toBe(1_000);
  });

  test("for the database is at most an interval, so that nobody is stale for longer once it is back", () => {
    expect(computeBackOff(99, "database", 15_000, longest)).toBeCloseTo(15_000, -1);
    expect(computeBackOff(99, "database", 100, longest)).toBe(1_000);
    expect(computeBackOff(99, "database", 3_600_000, longest)).toBeCloseTo(60_000, -1);
  });

  test("is jittered: hosts that fail together do not come back together", () => {
    const waits = Array.from({ length: 100 }, () => computeBackOff(6, "timeout", 15_000, Math.random));
    expect(new Set(waits.map((ms) => Math.floor(ms / 100))).size).toBeGreaterThan(20);
  });
});
