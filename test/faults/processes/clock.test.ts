import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { GenerationHost } from "../support/generations.js";
import { startRefreshing, type Refreshing } from "../support/refreshing.js";

let all: Refreshing;
let host: GenerationHost;

beforeAll(async () => {
  all = await startRefreshing({ hosts: 1, vmsPerHost: 3 });
  [host] = all.fleet.hosts as [GenerationHost];
});

afterEach(() => {
  vi.useRealTimers();
});

afterAll(() => all.stop());

async function readLastReport(): Promise<number> {
  const rows = await all.database.store.readVmsByIds(host.vmIds);
  expect(new Set(rows.map((row) => row.lastReportedAt?.getTime())).size).toBe(1);
  return rows[0]!.lastReportedAt!.getTime();
}

async function now(): Promise<number> {
  const [row] = await all.database.dataSource.query<{ now: Date }[]>("SELECT clock_timestamp() AS now");
  return row!.now.getTime();
}

test.each([
  ["an hour ahead", 3_600_000],
  ["an hour behind", -3_600_000],
  ["in 1970", -Date.now()],
])("F11: our own clock is %s, and steps there during a run: times stay the database's", async (_, stepMs) => {
  const before = await readLastReport();
  const real = Date.now();
  const earliest = await now();
  vi.useFakeTimers({ toFake: ["Date"], now: Math.max(0, real + stepMs) });
  host.next();
  const result = await all.pass(host);
  vi.useRealTimers();
  expect(result.outcome).toBe("done");
  // Measured by a clock that does not step.
  expect(result.durationMs).toBeGreaterThanOrEqual(0);
  expect(result.durationMs).toBeLessThan(60_000);
  const after = await readLastReport();
  expect(after).toBeGreaterThanOrEqual(before);
  expect(after).toBeGreaterThanOrEqual(earliest);
  expect(after).toBeLessThanOrEqual(await now());
  expect(await all.staleReasons(host)).toEqual([null]);
  // The generation's own time was told by the stepped clock, so wholeness alone is looked at.
  expect(await all.storedGeneration(host)).toBe(host.generation);
});

test("F11: a host that lives in 1970, or in 2100, orders nothing by its clock", async () => {
  const { world } = all.fleet;
  for (const statusTime of ["0", "4102444800000", "-1"]) {
    const before = await readLastReport();
    for (const vmId of host.vmIds)
      world.setRaw(vmId, { statusTime, timeOffset: "-99999999", elapsedTime: statusTime });
    host.next();
    expect((await all.pass(host)).outcome).toBe("done");
    expect(await all.storedGeneration(host)).toBe(host.generation);
    expect(await readLastReport()).toBeGreaterThanOrEqual(before);
    expect(await readLastReport()).toBeLessThanOrEqual(await now());
    expect(await all.staleReasons(host)).toEqual([null]);
    await all.expectWhole();
  }
});
