import { describe, expect, test } from "vitest";
import {
  SHARD_COUNT,
  computeQuota,
  findShard,
  computeLockTimes,
  findExcess,
  wasDue,
} from "../../../src/refresher/schedule/shards.js";
import { hostsNamed } from "./polling-diary.js";

test("hosts fall into all slices evenly, each always into the same", () => {
  const counts = new Array<number>(SHARD_COUNT).fill(0);
  for (const { id } of hostsNamed(6_000)) {
    expect(findShard(id)).toBe(findShard(id));
    counts[findShard(id)]! += 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(50);
  expect(Math.max(...counts)).toBeLessThan(160);
});

test.each([
  [0, SHARD_COUNT],
  [1, SHARD_COUNT],
  [3, SHARD_COUNT / 3],
  [7, 9],
  [1_000, 1],
])("%i replicas poll %i slices each, at most, and leave none out", (replicas, share) => {
  expect(computeQuota(replicas)).toBe(share);
  expect(share * Math.max(1, replicas)).toBeGreaterThanOrEqual(SHARD_COUNT);
});

test.each([
  ["nothing from less than the share", [1, 2], 3, []],
  ["nothing from the share", [1, 2, 3], 3, []],
  ["one where one is too many", [1, 2, 3], 2, [3]],
  ["two at least", [1, 2, 3, 4, 5], 2, [4, 5]],
  [
    "a quarter of much",
    Array.from({ length: 40 }, (_, at) => at),
    0,
    [30, 31, 32, 33, 34, 35, 36, 37, 38, 39],
  ],
])("gives away %s", (_, held, share, given) => {
  expect(findExcess(held, share)).toEqual(given);
});

describe("a turn", () => {
  test.each([
    [100, 150, true],
    [100, 100, true],
    [100, 99, false],
    [100, 200, false],
    [990, 1_010, true],
    [990, 30, true],
    [500, -480, true],
  ])("of phase %i is missed at %i: %s", (phaseMs, placeMs, isMissed) => {
    expect(wasDue(phaseMs, placeMs, 100, 1_000)).toBe(isMissed);
  });
});

test("a dead replica's hosts are missed before a third of the interval is over, and no pause of a second costs any", () => {
  for (const intervalMs of [15_000, 60_000, 3_600_000]) {
    const { lockMs, heartbeatMs: beatMs, missedMs } = computeLockTimes(intervalMs);
    expect(missedMs).toBeLessThan(intervalMs / 3);
    expect(lockMs - beatMs).toBeGreaterThan(1_000);
  }
});
