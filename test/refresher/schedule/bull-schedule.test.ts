import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createBullSchedule } from "../../../src/refresher/schedule/bull-schedule.js";
import type { HostSchedule, PassOutcome, PassTurn } from "../../../src/refresher/schedule/schedule.js";
import { startTimerSchedule } from "../../../src/refresher/schedule/timer-schedule.js";
import { startProxy } from "../../faults/support/proxy.js";
import { freePort } from "../../support/processes/tcp.js";
import { hasRedisServer, placeForRedis, type TestRedis } from "../../support/databases/redis.js";
import { collectingLog, hostsNamed, PollingDiary, until } from "./polling-diary.js";
import { configuredHost } from "../../support/builders/passes.js";

/** The shortest that can be set: locks of half a second. */
const INTERVAL_MS = 1_000;
const hosts = hostsNamed(40);

describe.skipIf(!hasRedisServer)("replicas on one Redis (skipped where there is no redis-server)", () => {
  let redis: TestRedis;
  let diary: PollingDiary;
  let log: ReturnType<typeof collectingLog>;
  const schedules = new Map<string, HostSchedule<PassOutcome>>();
  const children = new Set<ChildProcess>();

  beforeEach(async () => {
    redis = await placeForRedis();
    diary = new PollingDiary();
    log = collectingLog();
  });

  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
    children.clear();
    await Promise.all([...schedules.values()].map((schedule) => schedule.stop()));
    schedules.clear();
    await redis.kill();
  });

  function start(
    replica: string,
    installation = "test",
    its = hosts,
    url = redis.url,
  ): HostSchedule<PassOutcome> {
    const schedule = diary.start(replica, createBullSchedule({ url, installation }, log), {
      hosts: its,
      intervalMs: INTERVAL_MS,
    });
    schedules.set(replica, schedule);
    return schedule;
  }

  async function stop(replica: string): Promise<void> {
    await schedules.get(replica)?.stop();
    schedules.delete(replica);
  }

  function startChild(replica: string): ChildProcess {
    const file = fileURLToPath(new URL("bull-child.ts", import.meta.url));
    const child = fork(file, [redis.url, "test", String(hosts.length), String(INTERVAL_MS)], {
      execArgv: ["--import", "tsx"],
    });
    children.add(child);
    child.on("message", (hostId: string) => {
      diary.note(replica, hostId);
    });
    return child;
  }

  test("share the hosts: every host has one replica, also after one more came and after one stopped", async () => {
    await redis.start();
    start("a");
    await diary.settled(hosts, ["a"]);
    start("b");
    await diary.settled(hosts, ["a", "b"]);
    start("c");
    await diary.settled(hosts, ["a", "b", "c"]);
    await stop("a");
    await diary.settled(hosts, ["b", "c"]);
    expect(log.lines).toEqual([]);
  });

  test("take over the hosts of one that was killed", async () => {
    await redis.start();
    start("a");
    const child = startChild("child");
    await diary.settled(hosts, ["a", "child"]);
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    await diary.allBy("a", hosts);
  });

  test("take over the hosts of one that stands still, and it lets go of them when it goes on", async () => {
    await redis.start();
    start("a");
    const child = startChild("child");
    await diary.settled(hosts, ["a", "child"]);
    child.kill("SIGSTOP");
    await diary.allBy("a", hosts);
    child.kill("SIGCONT");
    await diary.settled(hosts, ["a", "child"]);
  });

  test("poll everything, each by itself, while no Redis is there at their start; then they share", async () => {
    start("a");
    start("b");
    await Promise.all([diary.allBy("a", hosts), until(() => hosts.every(({ id }) => diary.by("b").has(id)))]);
    const away = "Redis does not answer; polling goes on, unshared, until it does";
    expect(log.lines).toEqual([away, away]);
    await redis.start();
    await diary.settled(hosts, ["a", "b"]);
    const back = "Redis answers; replicas share the hosts again";
    expect(log.lines).toEqual([away, away, back, back]);
  });

  test("go on when Redis is lost, also with the hosts of one that dies then, and share again when it is back", async () => {
    await redis.start();
    start("a");
    start("b");
    await diary.settled(hosts, ["a", "b"]);
    await redis.kill();
    await stop("b");
    await diary.allBy("a", hosts);
    // It comes back knowing nothing.
    await redis.start();
    start("b");
    await diary.settled(hosts, ["a", "b"]);
  });

  test("find their way when Redis forgets everything while they run", async () => {
    await redis.start();
    start("a");
    start("b");
    await diary.settled(hosts, ["a", "b"]);
    const client = new Redis(redis.url);
    await client.flushall();
    await diary.settled(hosts, ["a", "b"]);
    await client.quit();
  });

  test("leave a Redis that became another one's copy, and share again through the one that took over", async () => {
    await redis.start();
    const next = await placeForRedis();
    onTestFinished(() => next.kill());
    await next.start();
    const findServer = ({ url }: TestRedis) => ({ host: "127.0.0.1", port: Number(new URL(url).port) });
    const proxy = await startProxy(findServer(redis));
    onTestFinished(() => proxy.stop());
    const url = `redis://127.0.0.1:${proxy.port}`;
    start("a", "test", hosts, url);
    start("b", "test", hosts, url);
    await diary.settled(hosts, ["a", "b"]);
    // The demoted server keeps its connections, and refuses what writes. Nothing answers where it asks for what to copy.
    proxy.target = findServer(next);
    const demoted = new Redis(redis.url);
    await demoted.replicaof("127.0.0.1", await freePort());
    await demoted.quit();
    const taker = new Redis(next.url);
    onTestFinished(() => {
      taker.disconnect();
    });
    await until(async () => (await taker.keys("*:replicas")).length > 0);
    await diary.settled(hosts, ["a", "b"]);
  });

  test("leave a bounded number of small things in Redis, under their installation's name", async () => {
    await redis.start();
    start("a");
    for (const replica of ["b", "c"]) {
      start(replica);
      await diary.settled(hosts, ["a", replica]);
      await stop(replica);
      await diary.settled(hosts, ["a"]);
    }
    const client = new Redis(redis.url);
    const keys = await client.keys("*");
    expect(keys.filter((key) => !key.startsWith("{vnic-graph:test}:"))).toEqual([]);
    // A job and a lock a slice, and what the queue keeps of itself.
    expect(keys.length).toBeLessThan(2 * 60 + 20);
    expect(await client.xlen("{vnic-graph:test}:slices:events")).toBeLessThan(1_000);
    await client.quit();
  });

  test("of two installations do not know of each other", async () => {
    await redis.start();
    start("a", "one");
    start("b", "two");
    await diary.allBy("a", hosts);
    await diary.allBy("b", hosts);
  });

  test("poll a host that was added, wherever its slice is, and no more one that was removed", async () => {
    await redis.start();
    const [a, b] = [start("a"), start("b")];
    await diary.settled(hosts, ["a", "b"]);
    const added = configuredHost("added");
    for (const schedule of [a, b]) schedule.add(added);
    await diary.settled([...hosts, added], ["a", "b"]);
    await Promise.all([a.remove(added.id), b.remove(added.id)]);
    await diary.settled(hosts, ["a", "b"]);
    expect(diary.by("a").has(added.id) || diary.by("b").has(added.id)).toBe(false);
  });

  test("ask a host at once for whoever wants it, whoever else polls it", async () => {
    await redis.start();
    const [a, b] = [start("a"), start("b")];
    await diary.settled(hosts, ["a", "b"]);
    for (const schedule of [a, b]) {
      const asked = hosts.map(({ id }) => schedule.refreshNow(id));
      expect(await Promise.all(asked)).toEqual(hosts.map(() => ({ failure: null })));
    }
    await expect(a.refreshNow("nobody")).rejects.toThrow("no host nobody is polled here");
  });

  test("poll the hosts that another one asks in vain, until it can", async () => {
    await redis.start();
    const stored = new Map<string, { by: string; atMs: number; hasFailed: boolean }>();
    const [refusing, refused] = [new Set(["b"]), new Set<string>()];
    const startWith = (replica: string) => {
      const now = () => performance.now();
      const run = ({ id }: { id: string }, _: AbortSignal, { freshMs }: PassTurn): Promise<PassOutcome> => {
        const last = stored.get(id);
        if (last !== undefined && last.by !== replica && now() - last.atMs < freshMs)
          return Promise.resolve({ outcome: "deferred", deferral: "fresh", failure: null });
        const hasFailed = refusing.has(replica);
        if (hasFailed) {
          refused.add(id);
          // The store knows who claimed the host last, with success or not.
          stored.set(id, { by: replica, atMs: last?.atMs ?? -Infinity, hasFailed });
          return Promise.resolve({ outcome: "failed", failure: { kind: "untrusted" } });
        }
        stored.set(id, { by: replica, atMs: now(), hasFailed });
        diary.note(replica, id);
        return Promise.resolve({ outcome: "done", failure: null });
      };
      const listFailing = (forMs: number) =>
        Promise.resolve(
          [...stored]
            .filter(([, { atMs, hasFailed }]) => hasFailed && now() - atMs >= forMs)
            .map(([id]) => id),
        );
      const start = createBullSchedule<PassOutcome>({ url: redis.url, installation: "test" }, log);
      const options = { hosts, intervalMs: INTERVAL_MS, concurrency: 32, now, random: Math.random };
      schedules.set(replica, start({ ...options, run, listFailing }));
    };
    startWith("a");
    await diary.allBy("a", hosts);
    startWith("b");
    await until(() => refused.size >= hosts.length / 4);
    for (let round = 0; round < 4; round += 1) await diary.allBy("a", hosts);
    refusing.clear();
    await stop("a");
    await diary.allBy("b", hosts);
  });

  test("stop without Redis", async () => {
    await redis.start();
    start("a");
    await diary.settled(hosts, ["a"]);
    await redis.kill();
    await stop("a");
    start("b");
    await stop("b");
  });
});

test("where nothing is polled by itself, nothing is asked of Redis", async () => {
  const start = createBullSchedule<PassOutcome>(
    { url: "redis://127.0.0.1:1", installation: "none" },
    collectingLog(),
  );
  const run = () => Promise.resolve({ failure: null });
  const schedule = start({
    hosts,
    intervalMs: null,
    concurrency: 1,
    run,
    now: () => performance.now(),
    random: () => 0,
  });
  expect(await schedule.refreshNow(hosts[0]!.id)).toEqual({ failure: null });
  expect(schedule.constructor).toBe(
    startTimerSchedule({
      hosts: [],
      intervalMs: null,
      concurrency: 1,
      run,
      now: () => 0,
      random: () => 0,
    }).constructor,
  );
  await schedule.stop();
});
