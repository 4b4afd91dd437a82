import { expect, test } from "vitest";
import { createHostLink } from "../../src/refresher/host-link.js";
import { MOST_CREDIT, MS_OF_A_VM, NewVmBudget } from "../../src/refresher/new-vm-budget.js";
import { refreshHost } from "../../src/refresher/pass.js";
import { startRefresher } from "../../src/refresher/refresher.js";
import { startTimerSchedule } from "../../src/refresher/schedule/timer-schedule.js";
import { deriveUuid } from "../../src/model/uuid.js";
import { HOST_A } from "../support/builders/ids.js";
import { MemoryRefreshStore } from "../support/builders/memory-refresh-store.js";
import { configuredHost, IGNORED_NAMES } from "../support/builders/passes.js";
import { hostReport, reportedVm } from "../support/builders/reported.js";
import { FakeHost } from "./fake-host.js";

const report = (from: number, count: number) =>
  hostReport(
    ...Array.from({ length: count }, (_, at) => reportedVm({ vmId: deriveUuid(`vm ${from + at}`) })),
  );

const ignore = () => undefined;

test("a host whose polls go elsewhere and come back has no more credit for it", async () => {
  const [store, host] = [new MemoryRefreshStore(), new FakeHost()];
  host.nics = () => [];
  let release: ((hostId: string) => Promise<void>) | undefined;
  const refresher = startRefresher({
    store,
    createClient: () => host,
    hosts: [configuredHost(HOST_A)],
    intervalMs: null,
    ignoreNames: IGNORED_NAMES,
    now: () => 0,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    startSchedule: (options) => {
      release = options.release;
      return startTimerSchedule(options);
    },
  });
  host.report = report(0, MOST_CREDIT);
  await refresher.refreshHost(HOST_A);
  await release?.(HOST_A);
  host.report = report(MOST_CREDIT, 3);
  expect(await refresher.refreshHost(HOST_A)).toMatchObject({ outcome: "done" });
  expect(store.vms.size).toBe(MOST_CREDIT);
  await refresher.stop();
});

/** A host whose link has credit for so many VMs. */
function createSite(credit: number) {
  let nowMs = 0;
  const [store, host] = [new MemoryRefreshStore(), new FakeHost()];
  const now = () => nowMs;
  const link = createHostLink(configuredHost(HOST_A), host, now);
  host.nics = () => [];
  const used = report(1_000_000, MOST_CREDIT - credit);
  link.newVms.take(link.newVms.limit({ hostId: HOST_A, report: used, stored: [] }).added);
  const deps = { store, ignoreNames: IGNORED_NAMES, now, waitUntilReady: () => Promise.resolve() };
  return {
    host,
    store,
    wait: (ms: number) => (nowMs += ms),
    pass: () => refreshHost(deps, link, new AbortController().signal),
    count: async () => (await store.readHostVms(HOST_A, [])).length,
  };
}

test("a host that reports other VMs at each pass adds as many as one answer may have, and then one every two seconds", async () => {
  const site = createSite(5);
  for (let pass = 0; pass < 3; pass += 1) {
    site.host.report = report(pass * 4, 4);
    expect((await site.pass()).outcome).toBe("done");
  }
  expect(site.store.vms.size).toBe(5);
  site.wait(3 * MS_OF_A_VM);
  site.host.report = report(100, 4);
  await site.pass();
  expect(site.store.vms.size).toBe(5 + 3);
});

test("VMs that were left out are stored as soon as there is credit, and it is told once for the host", async () => {
  const site = createSite(2);
  site.host.report = report(0, 4);
  const first = await site.pass();
  expect([...first.newProblems.values()]).toEqual([
    "is left out, as other new VMs of this host may be: one host may add 65536 VMs, and one more every 2 seconds",
  ]);
  expect((await site.pass()).newProblems.size).toBe(0);
  site.wait(MS_OF_A_VM);
  expect((await site.pass()).newProblems.size).toBe(0);
  expect(await site.count()).toBe(3);
  site.wait(MS_OF_A_VM);
  expect((await site.pass()).endedProblems).toHaveLength(1);
  expect(await site.count()).toBe(4);
});

test("VMs that are known cost nothing, and those of a pass that was not written neither", async () => {
  const site = createSite(2);
  site.host.report = report(0, 2);
  site.host.onCall.set("dumpxmls", () => void site.store.raise(HOST_A));
  for (let pass = 0; pass < 3; pass += 1) expect((await site.pass()).outcome).toBe("superseded");
  site.host.onCall.clear();
  for (let pass = 0; pass < 3; pass += 1) expect((await site.pass()).outcome).toBe("done");
  expect(await site.count()).toBe(2);
});

test("the first pass over the largest host leaves nothing out", () => {
  const all = report(0, MOST_CREDIT);
  const { sightings, leftOut } = new NewVmBudget(() => 0).limit({ hostId: HOST_A, report: all, stored: [] });
  expect([sightings.vms.length, leftOut.size]).toEqual([MOST_CREDIT, 0]);
});
