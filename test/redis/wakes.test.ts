import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { startFeed } from "../../src/feed/feed.js";
import { openWakes, type Wakes } from "../../src/redis/wakes.js";
import { createChangeLog, type LoggedChange } from "../../src/store/changes/change-log.js";
import { addVms, storedVm } from "../store/changes/log-fixtures.js";
import { HOSTS, INTERVAL_MS } from "../support/builders/passes.js";
import { createDatabase } from "../support/databases/database.js";
import { startProxy } from "../faults/support/proxy.js";
import { freePort } from "../support/processes/tcp.js";
import { eventually } from "../support/eventually.js";
import { hasRedisServer, placeForRedis, type TestRedis } from "../support/databases/redis.js";

interface Replica extends Wakes {
  readonly woken: () => number;
  readonly reached: boolean[];
}

describe.skipIf(!hasRedisServer)("wakes between replicas (skipped where there is no redis-server)", () => {
  let redis: TestRedis;
  let open: Replica[] = [];

  beforeEach(async () => {
    redis = await placeForRedis();
  });

  afterEach(async () => {
    await Promise.all(open.map((replica) => replica.stop()));
    open = [];
    await redis.kill();
  });

  function start(
    installation = "test",
    onWake: () => void = () => undefined,
    { url = redis.url, heartbeatMs = 5_000 } = {},
  ): Replica {
    let woken = 0;
    const reached: boolean[] = [];
    const wakes = openWakes(
      { url, installation },
      {
        onWake: () => {
          woken += 1;
          onWake();
        },
        onReachable: (isReachable) => void reached.push(isReachable),
      },
      heartbeatMs,
    );
    const replica = {
      send: () => {
        wakes.send();
      },
      stop: () => wakes.stop(),
      woken: () => woken,
      reached,
    };
    open.push(replica);
    return replica;
  }

  /** Starts replicas that hear; each was woken once by that. */
  async function startHearing(...installations: string[]): Promise<Replica[]> {
    const replicas = installations.map((installation) => start(installation));
    await eventually(() => {
      for (const { woken } of replicas) expect(woken()).toBe(1);
    });
    return replicas;
  }

  test("reach every replica of the installation, and none of another one", async () => {
    await redis.start();
    const [one, two, other] = await startHearing("one", "one", "other");
    one!.send();
    await eventually(() => {
      expect([one!.woken(), two!.woken()]).toEqual([2, 2]);
    });
    other!.send();
    await eventually(() => {
      expect(other!.woken()).toBe(2);
    });
    expect([one!.woken(), two!.woken()]).toEqual([2, 2]);
  });

  test("are messages without content, few of them however much is written", async () => {
    await redis.start();
    const [one] = await startHearing("one");
    const listener = new Redis(redis.url);
    onTestFinished(() => {
      listener.disconnect();
    });
    const messages: string[] = [];
    listener.on("message", (_channel, message: string) => void messages.push(message));
    await listener.subscribe("{vnic-graph:one}:wakes");
    for (let count = 0; count < 1_000; count += 1) one!.send();
    // One at once, and one for all that came in the gap after it.
    await eventually(() => {
      expect(messages).toEqual(["", ""]);
    });
    await sleep(100);
    expect(messages).toHaveLength(2);
  });

  test("bring a change to the subscribers of another replica without waiting for its look at the log", async () => {
    await redis.start();
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    await database.store.registerHosts(HOSTS, INTERVAL_MS);
    // Where only a wake can end the wait.
    const feed = startFeed({ log: createChangeLog(database.dataSource), intervalMs: 3_600_000 });
    onTestFinished(() => feed.stop());
    const hearing = start("one", () => {
      feed.wake();
    });
    const [writer] = await startHearing("one");
    await eventually(() => {
      expect(hearing.woken()).toBe(1);
    });
    const told: LoggedChange[] = [];
    await feed.listen({
      onChanges: (changes) => void told.push(...changes),
      onReset: () => undefined,
    });
    await addVms(database.store, [storedVm(1)]);
    writer!.send();
    await eventually(() => {
      expect(told.map(({ vmId }) => vmId)).toEqual([storedVm(1).id]);
    });
  });

  test("are not there while Redis is lost: the log is still read, it is said once each way, and it heals", async () => {
    await redis.start();
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    await database.store.registerHosts(HOSTS, INTERVAL_MS);
    const feed = startFeed({ log: createChangeLog(database.dataSource) });
    onTestFinished(() => feed.stop());
    const told: LoggedChange[] = [];
    await feed.listen({
      onChanges: (changes) => void told.push(...changes),
      onReset: () => undefined,
    });
    const [one, two] = await startHearing("one", "one");
    await redis.kill();
    await eventually(() => {
      expect([one!.reached, two!.reached]).toEqual([[false], [false]]);
    });
    await addVms(database.store, [storedVm(1)]);
    one!.send();
    await eventually(() => {
      expect(told).toHaveLength(1);
    });
    await redis.start();
    await eventually(() => {
      expect([one!.reached, two!.reached]).toEqual([
        [false, true],
        [false, true],
      ]);
      // What may have been told meanwhile is looked for.
      expect([one!.woken(), two!.woken()]).toEqual([2, 2]);
    });
    await eventually(() => {
      one!.send();
      expect(two!.woken()).toBeGreaterThan(2);
    });
  });

  test("leave a Redis that became another one's copy, and reach who is at the one that took over, without a word", async () => {
    await redis.start();
    const next = await placeForRedis();
    onTestFinished(() => next.kill());
    await next.start();
    const findServer = ({ url }: TestRedis) => ({ host: "127.0.0.1", port: Number(new URL(url).port) });
    const proxy = await startProxy(findServer(redis));
    onTestFinished(() => proxy.stop());
    const [one, two] = ["one", "one"].map((installation) =>
      start(installation, undefined, { url: `redis://127.0.0.1:${proxy.port}`, heartbeatMs: 100 }),
    );
    await eventually(() => {
      expect([one!.woken(), two!.woken()]).toEqual([1, 1]);
    });
    // The demoted server keeps its connections. Nothing answers where it asks for what to copy.
    proxy.target = findServer(next);
    const demoted = new Redis(redis.url);
    await demoted.replicaof("127.0.0.1", await freePort());
    await demoted.quit();
    const there = start("one", undefined, { url: next.url });
    const taker = new Redis(next.url);
    onTestFinished(() => {
      taker.disconnect();
    });
    const channel = "{vnic-graph:one}:wakes";
    await eventually(async () => {
      expect(await taker.pubsub("NUMSUB", channel)).toEqual([channel, 3]);
    });
    const before = there.woken();
    await eventually(() => {
      one!.send();
      expect(there.woken()).toBeGreaterThan(before);
    });
    expect([one!.reached, two!.reached]).toEqual([[], []]);
  });

  test("stop whether Redis is there or not", async () => {
    const absent = start();
    await eventually(() => {
      expect(absent.reached).toEqual([false]);
    });
    absent.send();
    await absent.stop();
    await redis.start();
    await (await startHearing("one"))[0]!.stop();
  });
});
