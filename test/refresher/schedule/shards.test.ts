import { expect, test } from "vitest";
import {
  SHARD_COUNT,
  computeQuota,
  findShard,
  computeLockTimes,
  findExcess,
} from "../../../src/refresher/schedule/shards.js";
import { hostsNamed } from "./polling-diary.js";

test("hosts fall into all shards evenly, each always into the same", () => {
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
])("%i replicas poll %i shards each, at most, and leave none out", (replicas, quota) => {
  expect(computeQuota(replicas)).toBe(quota);
  expect(quota * Math.max(1, replicas)).toBeGreaterThanOrEqual(SHARD_COUNT);
});

test.each([
  ["nothing from less than the quota", [1, 2], 3, []],
  ["nothing from the quota", [1, 2, 3], 3, []],
  ["one where one is too many", [1, 2, 3], 2, [3]],
  ["two at least", [1, 2, 3, 4, 5], 2, [4, 5]],
  [
    "a quarter of much",
    Array.from({ length: 40 }, (_, at) => at),
    0,
    [30, 31, 32, 33, 34, 35, 36, 37, 38, 39],
  ],
])("hands off %s", (_, held, quota, given) => {
  expect(findExcess(held, quota)).toEqual(given);
});

test("a dead replica's hosts are missed before a third of the interval is over, and no pause of a second costs any", () => {
  for (const intervalMs of [15_000, 60_000, 3_600_000]) {
    const { lockMs, heartbeatMs } = computeLockTimes(intervalMs);
    // A shard is free when its lock expires, and is taken at the next heartbeat but two or three.
    expect(lockMs + 4 * heartbeatMs).toBeLessThan(intervalMs / 3);
    expect(lockMs - heartbeatMs).toBeGreaterThan(1_000);
  }
});
