import { WARNINGS } from "../warnings.js";
import { readFileSync, writeFileSync } from "node:fs";
import { createVdsmClient } from "../../src/vdsm/vdsm-client.js";
import { createConfiguredHost } from "../../src/gateway/hosts/host-ids.js";
import { parseHostAddress } from "../../src/config/setting-types.js";
import { startRefresher, type Refresher } from "../../src/refresher/refresher.js";
import { DEFAULT_IGNORED_NAMES } from "../../src/model/guest/name-patterns.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { createStore } from "../../src/store/store.js";
import type { CycleNews, ReplicaTask } from "./million-messages.js";

/** Runs a replica: the refresher as it is, over its own client and store. A cycle is made whenever one is asked for. */
process.once("message", (task: ReplicaTask) => void run(task));

async function run({ databaseUrl, addresses, concurrency }: ReplicaTask): Promise<void> {
  const dataSource = await createDataSource(databaseUrl).initialize();
  const refresher = startRefresher({
    store: createStore(dataSource),
    clientFor: ({ host, port }) => createVdsmClient({ host, port, tls: null }),
    hosts: addresses.map((address) => createConfiguredHost(parseHostAddress(address))),
    intervalMs: null,
    concurrency,
    ignoreNames: DEFAULT_IGNORED_NAMES,
    log: WARNINGS,
  });
  process.on("message", () => void cycle(refresher).then((news) => process.send?.(news)));
  process.send?.("ready");
}

async function cycle(refresher: Refresher): Promise<CycleNews> {
  forgetPeak();
  const startMs = performance.now();
  const results = await refresher.refreshAll();
  const wallMs = performance.now() - startMs;
  const peakRssBytes = peakRss();
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

/** The kernel keeps the highest mark of memory in use; written to, it starts anew. */
function forgetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Then the peak is that of the process so far.
  }
}

function peakRss(): number | null {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return kibibytes === undefined ? null : Number(kibibytes) * 1_024;
  } catch {
    return null;
  }
}
