import { WARNINGS } from "../support/warnings.js";
import { readFileSync, writeFileSync } from "node:fs";
import { createVdsmClient } from "../../src/vdsm/vdsm-client.js";
import { createConfiguredHost } from "../../src/gateway/hosts/host-ids.js";
import { parseHostAddress } from "../../src/config/setting-types.js";
import { startRefresher, type Refresher } from "../../src/refresher/refresher.js";
import { DEFAULT_IGNORED_NAMES } from "../../src/model/guest/name-patterns.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { createStore } from "../../src/store/store.js";
import type { CycleNews, ReplicaTask } from "./million-messages.js";

/** Runs a replica: the real refresher over its own client and store. It makes a cycle whenever it is asked. */
process.once("message", (task: ReplicaTask) => void run(task));

async function run({ databaseUrl, addresses, concurrency }: ReplicaTask): Promise<void> {
  const dataSource = await createDataSource(databaseUrl).initialize();
  const refresher = startRefresher({
    store: createStore(dataSource),
    createClient: ({ host, port }) => createVdsmClient({ host, port, tls: null }),
    hosts: addresses.map((address) => createConfiguredHost(parseHostAddress(address))),
    intervalMs: null,
    concurrency,
    ignoreNames: DEFAULT_IGNORED_NAMES,
    log: WARNINGS,
  });
  process.on("message", () => void runCycle(refresher).then((news) => process.send?.(news)));
  process.send?.("ready");
}

async function runCycle(refresher: Refresher): Promise<CycleNews> {
  forgetPeak();
  const startMs = performance.now();
  const results = await refresher.refreshAll();
  const wallMs = performance.now() - startMs;
  const peakRssBytes = readPeakRss();
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const failed = results.filter(
    ({ outcome, inventoryFailure }) => outcome !== "done" || inventoryFailure !== null,
  );
  return {
    wallMs,
    vms: results.reduce((sum, { vms }) => sum + vms, 0),
    changedVms: results.reduce((sum, { changedVms }) => sum + changedVms, 0),
    failed: failed.length,
    failure: failed[0]?.failure?.message ?? failed[0]?.inventoryFailure ?? failed[0]?.outcome ?? null,
    peakRssBytes,
    memory: { rss, heapUsed, external, arrayBuffers },
  };
}

/** Resets the kernel's record of the most memory in use. */
function forgetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // If that fails, the peak is that of the whole process so far.
  }
}

function readPeakRss(): number | null {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return kibibytes === undefined ? null : Number(kibibytes) * 1_024;
  } catch {
    return null;
  }
}
