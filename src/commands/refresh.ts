import { ConfigError, type Config } from "../config.js";
import { openDatabase } from "../gateway/database/database.js";
import { openHostPool, type HostPool } from "../gateway/hosts/host-pool.js";
import type { Log } from "../gateway/log.js";
import { joinRunningGateway } from "../gateway/running-gateway.js";
import type { PassResult } from "../refresher/pass.js";
import { startRefresher } from "../refresher/refresher.js";
import { createStore } from "../store/store.js";
import { refuseEngine } from "./refuse-engine.js";
import { createProgress } from "./progress.js";
import { formatTable } from "./table.js";

/** Asks every host once and prints the results. Resolves with `false` if a host failed. */
export async function refreshOnce(config: Config, log: Log, signal: AbortSignal): Promise<boolean> {
  refuseEngine(config);
  const pool = await openHostPool(config, "join");
  try {
    return await refreshAll(pool, config, log, signal);
  } finally {
    await pool.stop();
  }
}

async function refreshAll(pool: HostPool, config: Config, log: Log, signal: AbortSignal): Promise<boolean> {
  const database = await openDatabase(await joinRunningGateway(config), log, null);
  try {
    const store = createStore(database.dataSource);
    const hosts = pool.named ?? (await store.listHosts());
    if (hosts.length === 0) throw new ConfigError("VDSM_HOSTS names no host, and none is stored; set it");
    if (pool.createClient === null) {
      throw new ConfigError(
        "VDSM_CA_FILE, VDSM_CERT_FILE and VDSM_KEY_FILE must name PEM files; set them, or VDSM_TLS=off",
      );
    }
    const refresher = startRefresher({
      store,
      createClient: pool.createClient,
      hosts,
      intervalMs: null,
      concurrency: config.refreshConcurrency,
      ignoreNames: config.guestNicIgnore,
      guestLimits: config.guestLimits,
      log: SILENT,
    });
    const stop = () => void refresher.stop();
    signal.addEventListener("abort", stop);
    const progress = createProgress(process.stderr, hosts.length, "hosts");
    const results = await refresher.refreshAll(() => {
      progress.advance();
    });
    progress.end();
    signal.removeEventListener("abort", stop);
    await refresher.stop();
    process.stdout.write(`${formatSummary(results)}\n`);
    return !results.some(hasFailed);
  } finally {
    await database.close();
  }
}

/**
 * Tells whether the refresh of a host failed. Superseded is no failure: another gateway wrote the host's answer at the
 * same time.
 */
function hasFailed({ outcome }: PassResult): boolean {
  return outcome !== "done" && outcome !== "superseded";
}

function formatSummary(results: readonly PassResult[]): string {
  const rows = results
    .toSorted((left, right) => left.host.name.localeCompare(right.host.name))
    .map((result) => [
      result.host.name,
      result.outcome,
      result.vms,
      result.changedVms,
      result.added,
      result.changed,
      result.removed,
      result.durationMs,
      result.failure?.message ?? result.inventoryFailure ?? "",
    ]);
  const failed = results.filter(hasFailed).length;
  const header = ["host", "outcome", "VMs", "changed VMs", "added", "changed", "removed", "ms", "reason"];
  const asked = `${results.length} ${results.length === 1 ? "host" : "hosts"} asked, ${failed} failed`;
  return `${formatTable(header, rows)}\n${asked}`;
}

/** A log that writes nothing. The table says everything, and lines would break the progress bar. */
const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
