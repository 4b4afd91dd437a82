import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createConfiguredHost } from "../../../src/gateway/hosts/host-ids.js";
import { startTimerSchedule } from "../../../src/refresher/schedule/timer-schedule.js";
import { computePhase } from "../../../src/refresher/schedule/timing.js";
import type { ConfiguredHost } from "../../../src/store/types.js";
import { startRefreshing } from "../support/refreshing.js";

const INTERVAL_MS = 15_000;

function createFleet(size: number, seed: string): ConfiguredHost[] {
  return Array.from({ length: size }, (_, at) => {
    const digest = createHash("sha256").update(`${seed} ${at}`).digest("hex").slice(0, 6);
    return createConfiguredHost({ host: `host-${digest}-${at}.example.test`, port: 54321 });
  });
}

test("F25: the turns of 500 hosts are spread evenly over the interval, whatever their names", () => {
  const bins = 20;
  // 19 degrees of freedom: chance alone exceeds this once in ten thousand fleets; three fleets, fixed by their seeds.
  const critical = 50.8;
  for (const seed of ["a", "b", "c"]) {
    const counts = new Array<number>(bins).fill(0);
    for (const { id } of createFleet(500, seed)) {
      counts[Math.floor((computePhase(id, INTERVAL_MS) / INTERVAL_MS) * bins)]! += 1;
    }
    const expected = 500 / bins;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare, `fleet ${seed}: ${counts.join(" ")}`).toBeLessThan(critical);
  }
});

test("F25: 500 hosts asked for at once are asked by no more than may be, and all of them", async () => {
  let running = 0;
  let most = 0;
  const asked = new Set<string>();
  const hosts = createFleet(500, "herd");
  const schedule = startTimerSchedule({
    hosts,
    intervalMs: null,
    concurrency: 32,
    now: () => performance.now(),
    random: Math.random,
    run: async (host) => {
      running += 1;
      most = Math.max(most, running);
      asked.add(host.id);
      await new Promise(setImmediate);
      running -= 1;
      return { failure: null };
    },
  });
  await Promise.all(hosts.map(({ id }) => schedule.refreshNow(id)));
  await schedule.stop();
  expect(most).toBe(32);
  expect(asked.size).toBe(500);
});

test("F25: 40 real hosts, cold, at once: a connection each, and every host is stored whole", async () => {
  // The start itself is the herd: it asks all of them.
  const all = await startRefreshing({ hosts: 40, vmsPerHost: 2, refresher: { concurrency: 8 } });
  for (const host of all.fleet.hosts) {
    host.next();
    expect(host.server.accepted).toBe(1);
  }
  const results = await all.refresher.refreshAll();
  expect(results.every(({ outcome }) => outcome === "done")).toBe(true);
  await all.expectWhole();
  await all.stop();
  await expect.poll(() => all.fleet.hosts.reduce((sum, { server }) => sum + server.connections, 0)).toBe(0);
});
