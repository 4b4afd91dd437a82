import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { computeInstallationId } from "../../src/gateway/hosts/replicas.js";
import { openWakes } from "../../src/redis/wakes.js";
import type { StoredVm } from "../../src/store/types.js";
import type { BenchDatabase } from "../support/database.js";
import { readCpuSeconds } from "../support/process-cpu.js";
import type { RunningPeer } from "../reads/types.js";
import { createOwnSubscriber, type CreateSubscriber, type Subscriber } from "./subscribers.js";
import { Writer } from "./writer.js";

/** The options of a run. */
export interface LiveOptions {
  readonly subscribers: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly idle: number;
  readonly redisUrl: string;
}

/** VMs that one subscriber follows. Each change goes to one subscriber. */
export const VMS_EACH = 10;

/** How a server learns of changes, and how a client subscribes to it. */
export interface Followed {
  readonly create: CreateSubscriber;
  /** Informs the server of a commit; absent: the server learns of it by itself. */
  readonly publish?: (changed: unknown) => Promise<void>;
}

/**
 * Measures the time from a commit to the frame. Midway a tenth of the subscribers leave for two seconds. Returns a row
 * of the table. Changes that a subscriber should have received, and did not, count as lost.
 */
export async function measure(
  peer: RunningPeer,
  database: BenchDatabase,
  vms: readonly StoredVm[],
  { subscribers, perSecond, seconds, redisUrl }: LiveOptions,
  { create, publish }: Followed,
): Promise<(string | number)[]> {
  const wakes =
    create !== createOwnSubscriber
      ? null
      : openWakes(
          { url: redisUrl, installation: computeInstallationId({ databaseUrl: database.url, dataDir: "" }) },
          { onWake: () => undefined, onReachable: () => undefined },
        );
  const writer = new Writer(database.store, [...(await readCurrentVms(database, vms))], (changed) => {
    wakes?.send();
    void publish?.(changed);
  });
  const latencies: number[] = [];
  let isMeasured = false;
  const all = Array.from({ length: subscribers }, (_, at) =>
    create(peer.url, listIds(vms, at), (ips) => {
      const committedAt = writer.committedAt.get(ips);
      if (isMeasured) latencies.push(committedAt === undefined ? 0 : performance.now() - committedAt);
    }),
  );
  tell(`${peer.name}: ${subscribers} subscribers connect`);
  await connectAll(all);
  // A subscription without a confirmation may exist only now.
  await sleep(SETTLE_MS);
  tell(`${peer.name}: changes for ${seconds} s`);
  // After this all have compiled code. Changes up to here are counted, too.
  await writer.run({ perSecond: perSecond / 10, seconds: 3 });
  isMeasured = true;
  const [cpu, begunAt] = [readCpuSeconds(peer.pid), performance.now()];
  const writing = writer.run({ perSecond, seconds });
  await sleep((seconds * 1_000) / 2);
  const leaving = all.filter((_, at) => at % 10 === 0);
  // Changes of those who were away are counted, but their times are not measured.
  isMeasured = false;
  for (const subscriber of leaving) subscriber.leave();
  await sleep(2_000);
  await connectAll(leaving);
  await sleep(1_000);
  isMeasured = true;
  const written = await writing;
  const elapsed = (performance.now() - begunAt) / 1_000;
  const cores = (readCpuSeconds(peer.pid) - cpu) / elapsed;
  await sleep(3_000);
  const rss = readRssMiB(peer.pid);
  const missing = all.map(
    ({ got }, at) => listIds(vms, at).reduce((sum, id) => sum + (writer.counts.get(id) ?? 0), 0) - got,
  );
  for (const subscriber of all) subscriber.leave();
  await wakes?.stop();
  const sorted = latencies.toSorted((left, right) => left - right);
  const quantile = (share: number) =>
    (sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN).toFixed(1);
  return [
    ...[peer.name, (written / elapsed).toFixed(0), quantile(0.5), quantile(0.99), quantile(1)],
    ...[cores.toFixed(2), rss.toFixed(0)],
    missing.reduce((sum, count) => sum + Math.max(0, count), 0),
    missing.reduce((sum, count) => sum + Math.max(0, -count), 0),
  ];
}

/** Reads the VMs as they are stored now, since the run before has changed them. */
async function readCurrentVms({ client }: BenchDatabase, vms: readonly StoredVm[]) {
  const { rows } = await client.query<{ id: string; ips: string }>(
    "SELECT vm_guid AS id, vm_ip AS ips FROM vm_dynamic",
  );
  const stored = new Map(rows.map(({ id, ips }) => [id, ips]));
  return vms.map((vm) => ({ ...vm, ips: stored.get(vm.id) ?? vm.ips }));
}

/** Measures the cost of subscribers who receive nothing. */
export async function measureIdle(own: RunningPeer, vmId: string, count: number): Promise<string> {
  await sleep(3_000);
  const before = readRssMiB(own.pid);
  const idle = Array.from({ length: count }, () => createOwnSubscriber(own.url, [vmId], () => undefined));
  await connectAll(idle);
  await sleep(3_000);
  const [after, cpu] = [readRssMiB(own.pid), readCpuSeconds(own.pid)];
  await sleep(5_000);
  const cores = (readCpuSeconds(own.pid) - cpu) / 5;
  for (const subscriber of idle) subscriber.leave();
  return `${count} idle subscribers, a WebSocket each: ${(((after - before) * 1_024) / count).toFixed(1)} KiB each (RSS ${before.toFixed(0)} → ${after.toFixed(0)} MiB), ${cores.toFixed(2)} cores`;
}

async function connectAll(subscribers: readonly Subscriber[]): Promise<void> {
  for (let from = 0; from < subscribers.length; from += AT_ONCE) {
    await Promise.all(subscribers.slice(from, from + AT_ONCE).map((subscriber) => subscriber.connect()));
  }
}

function listIds(vms: readonly { readonly id: string }[], subscriber: number): string[] {
  return vms.slice(subscriber * VMS_EACH, (subscriber + 1) * VMS_EACH).map(({ id }) => id);
}

function readRssMiB(pid: number): number {
  const [, kib = "NaN"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1_024;
}

const AT_ONCE = 50;
const SETTLE_MS = 2_000;

/** Prints the progress of the run. It takes minutes, and if it ends early, one sees where. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
