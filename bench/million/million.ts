import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { formatTable } from "../../src/commands/table.js";
import { openDatabase } from "../database.js";
import type { CycleNews, HostsTask, ReplicaTask } from "./million-messages.js";
import { readCpuSeconds, readParent, serverCpuSeconds } from "../process-cpu.js";

/**
 * Measures what a cycle over many hosts of a hundred VMs each takes, read by one replica into a PostgreSQL as we start it.
 * There are four: everything new, nothing changed, one VM in a hundred changed, and all to be compared because nothing is
 * remembered.
 */
export async function million({ hosts }: { readonly hosts: number }): Promise<void> {
  const loadBefore = loadavg()[0]!;
  const database = await openDatabase({});
  const children: ChildProcess[] = [];
  try {
    // Here commits wait for the disk, as they do in earnest.
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
    const addresses = (await Promise.all(simulators.map((child) => told<string[]>(child)))).flat();
    console.log(`${hosts} simulated hosts of ${VMS_PER_HOST} VMs are there`);
    const task: ReplicaTask = { databaseUrl: database.url, addresses, concurrency: CONCURRENCY };
    let replica = start("million-replica.ts", task, children);
    await told(replica);

    const cpuNow = () => ({
      replica: readCpuSeconds(replica.pid!),
      simulators: simulators.reduce((sum, { pid }) => sum + readCpuSeconds(pid!), 0),
      postgres: serverCpuSeconds(postmaster),
    });
    const cycles: Cycle[] = [];
    for (const kind of CYCLES) {
      if (kind === "1 % changed") {
        const changed = simulators.map((child) => told(child));
        for (const child of simulators) child.send("change");
        await Promise.all(changed);
      }
      if (kind === "after a restart") {
        replica.kill("SIGKILL");
        replica = start("million-replica.ts", task, children);
        await told(replica);
      }
      const before = cpuNow();
      const done = told<CycleNews>(replica);
      replica.send("cycle");
      const news = await done;
      const after = cpuNow();
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

/** The next thing that a process tells; that it ended instead is an error. */
async function told<T>(child: ChildProcess): Promise<T> {
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
    wallS: rounded(cycle.wallMs / 1_000),
    replicaCpuS: rounded(cycle.replicaCpuS),
    postgresCpuS: rounded(cycle.postgresCpuS),
    simulatorsCpuS: rounded(cycle.simulatorsCpuS),
    peakRssMiB: cycle.peakRssBytes === null ? null : mebibytes(cycle.peakRssBytes),
    rssMiB: mebibytes(cycle.memory.rss),
    heapMiB: mebibytes(cycle.memory.heapUsed),
    buffersMiB: mebibytes(cycle.memory.arrayBuffers),
    failed: cycle.failed,
    load: rounded(cycle.load),
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

function rounded(value: number): number {
  return Number(value.toFixed(1));
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

const SIMULATORS = 2;
const VMS_PER_HOST = 100;

/** As `REFRESH_CONCURRENCY` is when nobody sets it. */
const CONCURRENCY = 32;

/** Of what is measured thrice, the first time is for the compiler and the database's memory. */
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
