import { WARNINGS } from "../support/warnings.js";
import { createVdsmClient } from "../../src/vdsm/vdsm-client.js";
import { createConfiguredHost } from "../../src/gateway/hosts/host-ids.js";
import { createBullSchedule } from "../../src/refresher/schedule/bull-schedule.js";
import type { PassResult } from "../../src/refresher/pass.js";
import { startRefresher } from "../../src/refresher/refresher.js";
import type { StartSchedule } from "../../src/refresher/schedule/schedule.js";
import { startTimerSchedule } from "../../src/refresher/schedule/timer-schedule.js";
import { parseHostAddress } from "../../src/config/setting-types.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { createStore } from "../../src/store/store.js";
import type { ReplicaNews, ReplicaTask } from "./hosts10k-messages.js";

/** Runs a replica: the real refresher on connections of its own, and a diary of its passes. */
process.once("message", (task: ReplicaTask) => void run(task));

async function run({
  databaseUrl,
  redisUrl,
  installation,
  addresses,
  intervalMs,
  concurrency,
}: ReplicaTask): Promise<void> {
  const dataSource = await createDataSource(databaseUrl).initialize();
  const hosts = addresses.map((address) => createConfiguredHost(parseHostAddress(address)));
  const positions = new Map(hosts.map((host, position) => [host.id, position]));
  const start: StartSchedule<PassResult> =
    redisUrl === null ? startTimerSchedule : createBullSchedule({ url: redisUrl, installation }, WARNINGS);
  let passes: number[] = [];
  let failures: string[] = [];
  let superseded = 0;

  startRefresher({
    store: createStore(dataSource),
    createClient: ({ host, port }) => createVdsmClient({ host, port, tls: null }),
    hosts,
    intervalMs,
    concurrency,
    ignoreNames: [],
    log: WARNINGS,
    startSchedule: (options) =>
      start({
        ...options,
        run: async (host, signal, turn) => {
          const startMs = readNowMs();
          const result = await options.run(host, signal, turn);
          if (result.outcome === "deferred") return result;
          passes.push(positions.get(host.id)!, startMs, readNowMs());
          if (result.outcome === "superseded") superseded += 1;
          if (result.failure !== null && result.failure.kind !== "aborted")
            failures.push(`${result.failure.kind}: ${result.failure.message}`);
          return result;
        },
      }),
  });
  setInterval(() => {
    const { user, system } = process.cpuUsage();
    const news: ReplicaNews = {
      passes: Float64Array.from(passes),
      superseded,
      failures: failures.slice(0, 20),
      cpuMs: (user + system) / 1_000,
      rssBytes: process.memoryUsage.rss(),
    };
    passes = [];
    failures = [];
    process.send?.(news);
  }, TELL_EVERY_MS);
}

/** Reads the wall clock of this machine, which all replicas of the measurement share. */
function readNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** The interval of messages. A killed replica loses the last one, which is little. */
const TELL_EVERY_MS = 100;
