import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { localChanges, type ChangeFeed } from "../../src/refresher/changes.js";
import type { GuestNetworkChange } from "../../src/refresher/pass.js";
import { redisChanges } from "../../src/refresher/redis-changes.js";
import { hasRedisServer, placeForRedis, type TestRedis } from "../support/redis.js";
import { collectingLog, until } from "./schedule/polling-diary.js";

const change = (number: number): GuestNetworkChange => ({
  hostId: `host-${number}`,
  vmIds: [`vm-${number}`],
});

function heardBy(feed: ChangeFeed): GuestNetworkChange[] {
  const heard: GuestNetworkChange[] = [];
  feed.subscribe((each) => heard.push(each));
  return heard;
}

test("within one process every listener hears of a change until it has heard enough", async () => {
  const feed = localChanges();
  const [first, second] = [heardBy(feed), [] as GuestNetworkChange[]];
  const end = feed.subscribe((each) => second.push(each));
  feed.publish(change(1));
  end();
  end();
  feed.publish(change(2));
  expect(first).toEqual([change(1), change(2)]);
  expect(second).toEqual([change(1)]);
  await feed.close();
  feed.publish(change(3));
  expect(first).toHaveLength(2);
});

describe.skipIf(!hasRedisServer)("changes over Redis (skipped where there is no redis-server)", () => {
  let redis: TestRedis;
  let log: ReturnType<typeof collectingLog>;
  const feeds: ChangeFeed[] = [];

  beforeEach(async () => {
    redis = await placeForRedis();
    log = collectingLog();
  });

  afterEach(async () => {
    await Promise.all(feeds.splice(0).map((feed) => feed.close()));
    await redis.kill();
  });

  function open(installation = "test"): ChangeFeed {
    const feed = redisChanges({ url: redis.url, installation }, log);
    feeds.push(feed);
    return feed;
  }

  /** A channel is a matter of moments: tells until it is heard, and returns what was heard then. */
  async function tellUntilHeard(feed: ChangeFeed, told: GuestNetworkChange, heard: GuestNetworkChange[]) {
    await until(async () => {
      feed.publish(told);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return heard.some(({ hostId }) => hostId === told.hostId);
    });
  }

  test("reach every replica of the installation, the own one once, and no other installation", async () => {
    await redis.start();
    const [a, b, stranger] = [open(), open(), open("other")];
    const [byA, byB, byStranger] = [heardBy(a), heardBy(b), heardBy(stranger)];
    await tellUntilHeard(a, change(1), byB);
    await tellUntilHeard(b, change(2), byA);
    await tellUntilHeard(stranger, change(3), byStranger);
    byA.length = 0;
    byB.length = 0;
    a.publish(change(4));
    await until(() => byB.length > 0);
    // What comes after it has come after it: nothing of the own change was still on its way.
    await tellUntilHeard(b, change(5), byA);
    expect(byA.filter(({ hostId }) => hostId === "host-4")).toEqual([change(4)]);
    expect(byB[0]).toEqual(change(4));
    expect([...byA, ...byB].some(({ hostId }) => hostId === "host-3")).toBe(false);
  });

  test("reach the own process while Redis is away, and the others once it is back", async () => {
    const [a, b] = [open(), open()];
    const [byA, byB] = [heardBy(a), heardBy(b)];
    a.publish(change(1));
    expect(byA).toEqual([change(1)]);
    await redis.start();
    await tellUntilHeard(a, change(2), byB);
    await redis.kill();
    a.publish(change(3));
    expect(byA.at(-1)).toEqual(change(3));
    await redis.start();
    await tellUntilHeard(a, change(4), byB);
    expect(byB.some(({ hostId }) => hostId === "host-3")).toBe(false);
  });

  test.each([
    "no JSON",
    "null",
    "7",
    "{}",
    '{"replica":"r","change":null}',
    '{"replica":"r","change":{"hostId":1,"vmIds":[]}}',
    '{"replica":"r","change":{"hostId":"h","vmIds":[1]}}',
    '{"replica":"r","change":{"hostId":"h"}}',
  ])("that are none, such as %s, are skipped with a word", async (text) => {
    await redis.start();
    const [a, b] = [open(), open()];
    const byB = heardBy(b);
    await tellUntilHeard(a, change(1), byB);
    const client = new Redis(redis.url);
    await client.publish("{vnic-graph:test}:changes", text);
    await until(() => log.lines.length === 2);
    expect(log.lines[0]).toBe("an unreadable message on the channel of changes was skipped");
    expect(byB.every(({ hostId }) => hostId === "host-1")).toBe(true);
    await client.quit();
  });
});
