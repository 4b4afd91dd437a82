import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { formatTable } from "../../src/commands/table.js";
import { openDatabase } from "../support/database.js";
import type { CycleNews, HostsTask, ReplicaTask } from "./million-messages.js";
import { readCpuSeconds, readParent, readServerCpuSeconds } from "../support/process-cpu.js";

/**
 * Measures cycles over many hosts of a hundred VMs each. One replica reads them into a PostgreSQL as we start it. There
 * are four cycles: everything is new; nothing changed; one VM in a hundred changed; and all are compared, because
 * nothing is remembered.
 */
export async function benchMillion({ hosts }: { readonly hosts: number }): Promise<void> {
  const loadBefore = loadavg()[0]!;
  const database = await openDatabase({});
  const children: ChildProcess[] = [];
  try {
    // Here commits wait for the disk, as in production.
    await database.client.query(
      `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} RESET synchronous_commit`,
    );
    const { rows } = await database.client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const postmaster = readParent(rows[0]!.pid);
    const share = Math.ceil(hosts / SIMULATORS);
    const simulators = Array.from({ length: SIMULATORS }, (_, at) => {
      const firstHost = at * share;
      const task: HostsTask = {
        firstHost,
        hosts: Math.min(share, hosts - firstHost),
        vmsPerHost: VMS_PER_HOST,
      };
      return start("million-hosts.ts", task, children);
    });
    const addresses = (await Promise.all(simulators.map((child) => receive<string[]>(child)))).flat();
    console.log(`${hosts} simulated hosts of ${VMS_PER_HOST} VMs are there`);
    const task: ReplicaTask = { databaseUrl: database.url, addresses, concurrency: CONCURRENCY };
    let replica = start("million-replica.ts", task, children);
    await receive(replica);

    const readCpu = () => ({
      replica: readCpuSeconds(replica.pid!),
      simulators: simulators.reduce((sum, { pid }) => sum + readCpuSeconds(pid!), 0),
      postgres: readServerCpuSeconds(postmaster),
    });
    const cycles: Cycle[] = [];
    for (const kind of CYCLES) {
      if (kind === "1 % changed") {
        const changed = simulators.map((child) => receive(child));
        for (const child of simulators) child.send("change");
        await Promise.all(changed);
      }
      if (kind === "after a restart") {
        replica.kill("SIGKILL");
        replica = start("million-replica.ts", task, children);
        await receive(replica);
      }
      const before = readCpu();
      const done = receive<CycleNews>(replica);
      replica.send("cycle");
      const news = await done;
      const after = readCpu();
      const cycle = {
        kind,
        ...news,
        replicaCpuS: after.replica - before.replica,
        simulatorsCpuS: after.simulators - before.simulators,
        postgresCpuS: after.postgres - before.postgres,
        load: loadavg()[0]!,
      };
      cycles.push(cycle);
      console.log(parseWords(cycle));
    }
    await report(hosts, cycles, loadBefore, database.version);
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await database.close();
  }
}

interface Cycle extends CycleNews {
  readonly kind: (typeof CYCLES)[number];
  readonly replicaCpuS: number;
  readonly simulatorsCpuS: number;
  readonly postgresCpuS: number;
  readonly load: number;
}

function start(file: string, task: HostsTask | ReplicaTask, children: ChildProcess[]): ChildProcess {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: ["--import", "tsx"],
    serialization: "advanced",
  });
  children.push(child);
  child.send(task);
  return child;
}

/** Waits for the next message of a process. Throws if the process ends instead. */
async function receive<T>(child: ChildProcess): Promise<T> {
  const over = new AbortController();
  const ended = once(child, "exit", { signal: over.signal }).then(([code]) => {
    throw new Error(`a process of the measurement ended: ${code}`);
  });
  try {
    const [news] = (await Promise.race([once(child, "message", { signal: over.signal }), ended])) as [T];
    return news;
  } finally {
    over.abort();
    ended.catch(() => undefined);
  }
}

function parseWords({ kind, wallMs, vms, changedVms, failed, failure }: Cycle): string {
  const trouble = failed === 0 ? "" : `; ${failed} passes did not end well, the first: ${failure}`;
  return `${kind}: ${(wallMs / 1_000).toFixed(1)} s, ${vms} VMs, ${changedVms} changed${trouble}`;
}

async function report(
  hosts: number,
  cycles: readonly Cycle[],
  loadBefore: number,
  version: string,
): Promise<void> {
  const rows = cycles.map((cycle) => ({
    cycle: cycle.kind,
    vms: cycle.vms,
    changedVms: cycle.changedVms,
    wallS: round(cycle.wallMs / 1_000),
    replicaCpuS: round(cycle.replicaCpuS),
    postgresCpuS: round(cycle.postgresCpuS),
    simulatorsCpuS: round(cycle.simulatorsCpuS),
    peakRssMiB: cycle.peakRssBytes === null ? null : toMebibytes(cycle.peakRssBytes),
    rssMiB: toMebibytes(cycle.memory.rss),
    heapMiB: toMebibytes(cycle.memory.heapUsed),
    buffersMiB: toMebibytes(cycle.memory.arrayBuffers),
    failed: cycle.failed,
    load: round(cycle.load),
  }));
  const result = {
    bench: "million",
    hosts,
    vms: hosts * VMS_PER_HOST,
    concurrency: CONCURRENCY,
    cycles: rows,
  };
  console.log(
    `\n${formatTable(
      Object.keys(rows[0]!),
      rows.map((row) => Object.values(row).map((value) => value ?? "unknown")),
    )}\n`,
  );
  console.log(
    `${cpus()[0]?.model.trim() ?? "?"}, ${cpus().length} cores, Node ${process.version}, PostgreSQL ${version}, ` +
      `load before ${loadBefore.toFixed(1)}`,
  );
  const file = new URL("../results/million.json", import.meta.url);
  await mkdir(new URL(".", file), { recursive: true });
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify(result));
}

function round(value: number): number {
  return Number(value.toFixed(1));
}

function toMebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

const SIMULATORS = 2;
const VMS_PER_HOST = 100;

/** The default of `REFRESH_CONCURRENCY`. */
const CONCURRENCY = 32;

/** The cycles in order. The first of three equal ones is a warm-up for the compiler and the database's memory. */
const CYCLES = [
  "all new",
  "unchanged",
  "unchanged",
  "unchanged",
  "1 % changed",
  "1 % changed",
  "1 % changed",
  "after a restart",
] as const;
