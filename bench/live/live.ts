import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { formatTable } from "../../src/commands/table.js";
import { computeInstallationId } from "../../src/gateway/hosts/replicas.js";
import { openWakes } from "../../src/redis/wakes.js";
import { addVms, storedVm } from "../../test/store/changes/log-fixtures.js";
import { HOSTS, INTERVAL_MS } from "../../test/support/builders/passes.js";
import { openDatabase, type BenchDatabase } from "../database.js";
import { readCpuSeconds } from "../process-cpu.js";
import { startPeer } from "../reads/peers.js";
import type { RunningPeer } from "../reads/types.js";
import { createOwnSubscriber, createPeerSubscriber, type Subscriber } from "./subscribers.js";
import { Writer } from "./writer.js";

/** What can be chosen of a run. */
export interface LiveOptions {
  readonly subscribers: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly idle: number;
  readonly redisUrl: string;
}

/** VMs that one subscriber follows. Each change is one subscriber's. */
const VMS_EACH = 10;

/**
 * Measures from the commit to the frame, with changes that another process writes, as another replica would. Midway a tenth
 * of the subscribers leave for two seconds. The same with a peer whose pub/sub is told after each commit.
 */
export async function benchLive(options: LiveOptions): Promise<void> {
  execFileSync("npm", ["run", "--silent", "build"], {
    cwd: ROOT,
    stdio: ["ignore", process.stderr, "inherit"],
  });
  const hasPeers = existsSync(join(ROOT, "bench/reads/node_modules")) || installPeers();
  const folder = await mkdtemp(join(tmpdir(), "vnic-graph-bench-"));
  const database = await openDatabase();
  const start = {
    ...{ databaseUrl: database.url, tokensFile: "", token: "", logFile: join(folder, "log") },
    environment: {
      REDIS_URL: options.redisUrl,
      LIMITS: "lasting=30000,viewerConnections=30000,connections=30000",
    },
  };
  try {
    await database.store.registerHosts(HOSTS.slice(0, 1), INTERVAL_MS);
    const vms = Array.from({ length: options.subscribers * VMS_EACH }, (_, at) =>
      storedVm(at + 1, { ips: "10.255.0.0", interfaces: [] }),
    );
    // A host of ten thousand VMs is no usual one, and its first pass would take long.
    for (let from = 0; from < vms.length; from += VMS_AT_ONCE) {
      await addVms(database.store, vms.slice(from, from + VMS_AT_ONCE));
    }
    const table = [];
    const own = await startPeer({ name: "vnic-graph", file: null, dialect: "own", queries: [] }, start);
    await becomeReady(own.url);
    table.push(await measure(own, database, vms, options, createOwnSubscriber, null));
    tell(`vnic-graph: ${options.idle} idle subscribers connect`);
    const idle = await measureIdle(own, vms[0]!.id, options.idle);
    await own.stop();
    if (hasPeers) {
      const yoga = await startPeer(
        { name: "yoga pub/sub", file: "live-yoga.mjs", dialect: "graph", queries: [] },
        start,
      );
      const publish = async (changed: unknown) => {
        await fetch(new URL("/publish", yoga.url), { method: "POST", body: JSON.stringify(changed) });
      };
      table.push(await measure(yoga, database, vms, options, createPeerSubscriber, publish));
      await yoga.stop();
    }
    const { subscribers, perSecond, seconds } = options;
    console.log(
      `${subscribers} subscribers, ${perSecond} changes/s for ${seconds} s, PostgreSQL ${database.version}, Node ${process.version}`,
    );
    console.log(
      formatTable(
        ["server", "changes/s", "p50 ms", "p99 ms", "max ms", "CPU cores", "RSS MiB", "lost", "twice"],
        table,
      ),
    );
    console.log(idle);
  } finally {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  peer: RunningPeer,
  database: BenchDatabase,
  vms: Parameters<typeof addVms>[1],
  { subscribers, perSecond, seconds, redisUrl }: LiveOptions,
  create: typeof createOwnSubscriber,
  publish: ((changed: unknown) => Promise<void>) | null,
): Promise<(string | number)[]> {
  const wakes =
    publish !== null
      ? null
      : openWakes(
          { url: redisUrl, installation: computeInstallationId({ databaseUrl: database.url, dataDir: "" }) },
          { onWake: () => undefined, onReachable: () => undefined },
        );
  const writer = new Writer(database.store, [...(await currentVms(database, vms))], (changed) => {
    wakes?.send();
    void publish?.(changed);
  });
  const latencies: number[] = [];
  let isMeasured = false;
  const all = Array.from({ length: subscribers }, (_, at) =>
    create(peer.url, idsOf(vms, at), (ips) => {
      const committedAt = writer.committedAt.get(ips);
      if (isMeasured) latencies.push(committedAt === undefined ? 0 : performance.now() - committedAt);
    }),
  );
  tell(`${peer.name}: ${subscribers} subscribers connect`);
  await connectAll(all);
  tell(`${peer.name}: changes for ${seconds} s`);
  // Both have warm code then; what was told so far counts as well.
  await writer.run({ perSecond: perSecond / 10, seconds: 3 });
  isMeasured = true;
  const [cpu, begunAt] = [readCpuSeconds(peer.pid), performance.now()];
  const writing = writer.run({ perSecond, seconds });
  await sleep((seconds * 1_000) / 2);
  const leaving = all.filter((_, at) => at % 10 === 0);
  // Those who were away are not measured, but counted.
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
    ({ got }, at) => idsOf(vms, at).reduce((sum, id) => sum + (writer.counts.get(id) ?? 0), 0) - got,
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

/** The VMs as they are stored now: the run before has changed them. */
async function currentVms({ client }: BenchDatabase, vms: Parameters<typeof addVms>[1]) {
  const { rows } = await client.query<{ id: string; ips: string }>(
    "SELECT vm_guid AS id, vm_ip AS ips FROM vm_dynamic",
  );
  const stored = new Map(rows.map(({ id, ips }) => [id, ips]));
  return vms.map((vm) => ({ ...vm, ips: stored.get(vm.id) ?? vm.ips }));
}

async function measureIdle(own: RunningPeer, vmId: string, count: number): Promise<string> {
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

async function becomeReady(url: string): Promise<void> {
  for (;;) {
    const { status } = await fetch(new URL("/readyz", url));
    if (status === 200) return;
    await sleep(100);
  }
}

async function connectAll(subscribers: readonly Subscriber[]): Promise<void> {
  for (let from = 0; from < subscribers.length; from += AT_ONCE) {
    await Promise.all(subscribers.slice(from, from + AT_ONCE).map((subscriber) => subscriber.connect()));
  }
}

function idsOf(vms: readonly { readonly id: string }[], subscriber: number): string[] {
  return vms.slice(subscriber * VMS_EACH, (subscriber + 1) * VMS_EACH).map(({ id }) => id);
}

function readRssMiB(pid: number): number {
  const [, kib = "NaN"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1_024;
}

/** Returns `false` where the peers cannot be had: then our own side alone is measured. */
function installPeers(): boolean {
  try {
    execFileSync("npm", ["ci"], {
      cwd: join(ROOT, "bench/reads"),
      stdio: ["ignore", process.stderr, "inherit"],
    });
    return true;
  } catch {
    console.warn("the peers of bench/reads cannot be installed; they are left out");
    return false;
  }
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const AT_ONCE = 50;
const VMS_AT_ONCE = 1_000;

/** Says how far the run is: it takes minutes, and one that ends early should say where. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
