import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { formatTable } from "../../src/commands/table.js";
import { openDatabase } from "../support/database.js";
import type { FleetTask, Gaps, ReplicaNews, ReplicaTask } from "./hosts10k-messages.js";

/** The options of the measurement. */
export interface Hosts10kOptions {
  readonly hosts: number;
  readonly seconds: number;
  readonly redisUrl: string;
}

/**
 * Measures how evenly each host is polled, as the hosts see it. Three replicas poll many hosts of two VMs each every 15
 * s, and one of them is killed midway. Prints a table and, last, one line of JSON.
 */
export async function hosts10k({ hosts, seconds, redisUrl }: Hosts10kOptions): Promise<void> {
  const database = await openDatabase();
  // Here commits wait for the disk, as in production.
  await database.client.query(
    `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} RESET synchronous_commit`,
  );
  const fleet = start("hosts10k-fleet.ts");
  const replicas: Replica[] = [];
  const installation = `bench-${randomBytes(4).toString("hex")}`;
  try {
    const task: FleetTask = { hosts, vmsPerHost: 2, changedPerCycle: CHANGED_PER_CYCLE };
    fleet.send(task);
    const [{ addresses }] = (await once(fleet, "message")) as [{ addresses: string[] }];
    for (let number = 0; number < REPLICAS; number += 1) {
      replicas.push(
        startReplica({
          databaseUrl: database.url,
          redisUrl,
          installation,
          addresses,
          intervalMs: INTERVAL_MS,
          concurrency: CONCURRENCY,
        }),
      );
    }
    const startMs = Date.now();
    await once(fleet, "message", { signal: AbortSignal.timeout(WARM_UP_LIMIT_MS) });
    process.stdout.write(`every host polled thrice after ${Math.round((Date.now() - startMs) / 1_000)} s\n`);
    fleet.send("begin");
    const beginMs = Date.now();
    const cpuBefore = replicas.map((replica) => replica.cpuMs);
    await sleep(seconds * 500);
    const victim = replicas[0]!;
    victim.child.kill("SIGKILL");
    await sleep(seconds * 500);
    fleet.send("end");
    const [seen] = (await once(fleet, "message")) as [Gaps];
    report(hosts, seen, replicas, beginMs, cpuBefore, database.version);
  } finally {
    for (const { child } of [...replicas, { child: fleet }]) child.kill("SIGKILL");
    await forget(redisUrl, installation);
    await database.close();
  }
}

/** Removes the keys that killed replicas leave in Redis. */
async function forget(redisUrl: string, installation: string): Promise<void> {
  const redis = new Redis(redisUrl);
  const keys = await redis.keys(`{vnic-graph:${installation}}:*`);
  if (keys.length > 0) await redis.unlink(keys);
  await redis.quit();
}

interface Replica {
  readonly child: ChildProcess;
  readonly passes: Float64Array[];
  readonly failures: string[];
  superseded: number;
  cpuMs: number;
  rssBytes: number;
}

function startReplica(task: ReplicaTask): Replica {
  const child = start("hosts10k-replica.ts");
  const replica: Replica = { child, passes: [], failures: [], superseded: 0, cpuMs: 0, rssBytes: 0 };
  child.on("message", (news: ReplicaNews) => {
    replica.passes.push(news.passes);
    replica.failures.push(...news.failures);
    replica.superseded = news.superseded;
    replica.cpuMs = news.cpuMs;
    replica.rssBytes = Math.max(replica.rssBytes, news.rssBytes);
  });
  child.send(task);
  return replica;
}

function start(file: string): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: ["--import", "tsx"],
    serialization: "advanced",
  });
}

function report(
  hosts: number,
  { gaps, open, polls, forMs }: Gaps,
  replicas: readonly Replica[],
  beginMs: number,
  cpuBefore: readonly number[],
  version: string,
): void {
  const seconds = (ms: number) => Number((ms / 1_000).toFixed(2));
  const all = Float64Array.from([...gaps, ...[...open].filter((ms) => ms > INTERVAL_MS)]).sort();
  const at = (share: number) =>
    seconds(all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? Number.NaN);
  const late = all.filter((ms) => ms > INTERVAL_MS + 1_000).length;
  const failures = replicas.flatMap((replica) => replica.failures);
  const result = {
    bench: "hosts10k",
    hosts,
    intervalS: INTERVAL_MS / 1_000,
    replicas: REPLICAS,
    concurrency: CONCURRENCY,
    seconds: Math.round(forMs / 1_000),
    pollsPerS: Number((polls / (forMs / 1_000)).toFixed(1)),
    gapP50S: at(0.5),
    gapP99S: at(0.99),
    gapMaxS: at(1),
    lateGapsShare: Number((late / all.length).toFixed(5)),
    overlaps: countOverlaps(replicas, beginMs),
    superseded: replicas.reduce((sum, replica) => sum + replica.superseded, 0),
    failures: failures.length,
    replicaCpuCores: replicas.map((replica, at) =>
      Number(((replica.cpuMs - cpuBefore[at]!) / (at === 0 ? forMs / 2 : forMs)).toFixed(2)),
    ),
    replicaRssMiB: replicas.map((replica) => Math.round(replica.rssBytes / 2 ** 20)),
  };
  const rows = Object.entries(result).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(" ") : value,
  ]);
  process.stdout.write(
    `${formatTable(["figure", "value"], rows)}\n\n` +
      `${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, Node ${process.version}, PostgreSQL ${version}\n` +
      `first failures: ${[...new Set(failures)].slice(0, 3).join("; ") || "none"}\n` +
      `${JSON.stringify(result)}\n`,
  );
}

/** Counts passes over a host that began before another pass over it had ended, of any replica. */
function countOverlaps(replicas: readonly Replica[], beginMs: number): number {
  const byHost = new Map<number, [number, number][]>();
  for (const batch of replicas.flatMap((replica) => replica.passes)) {
    for (let at = 0; at + 2 < batch.length; at += 3) {
      if (batch[at + 1]! < beginMs) continue;
      const passes = byHost.get(batch[at]!) ?? [];
      passes.push([batch[at + 1]!, batch[at + 2]!]);
      byHost.set(batch[at]!, passes);
    }
  }
  let overlaps = 0;
  for (const passes of byHost.values()) {
    passes.sort(([left], [right]) => left - right);
    let endMs = 0;
    for (const [start, end] of passes) {
      if (start < endMs) overlaps += 1;
      endMs = Math.max(endMs, end);
    }
  }
  return overlaps;
}

const REPLICAS = 3;
const INTERVAL_MS = 15_000;

/**
 * The value of `REFRESH_CONCURRENCY`. A replica that takes over five thousand hosts has to connect to all within an
 * interval.
 */
const CONCURRENCY = 128;
const WARM_UP_LIMIT_MS = 600_000;

/** The share of VMs that have another address at every poll. */
const CHANGED_PER_CYCLE = 0.01;
