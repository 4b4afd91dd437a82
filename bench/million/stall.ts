import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpus, loadavg } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { formatTable } from "../../src/commands/table.js";
import { parseHostAddress } from "../../src/config/setting-types.js";
import { createConfiguredHost } from "../../src/gateway/hosts/host-ids.js";
import { createVdsmClient } from "../../src/vdsm/vdsm-client.js";
import type { KeptAnswer } from "../../src/vdsm/scan/scan-diff.js";
import { startRefresher } from "../../src/refresher/refresher.js";
import { openDatabase, type BenchDatabase } from "../support/database.js";
import type { HostsTask } from "./million-messages.js";

/** Measures how long one large host's answer blocks everybody else: the longest stall of the event loop. */
export async function benchStall({ vms }: { readonly vms: number }): Promise<void> {
  const loadBefore = loadavg()[0]!;
  const database = await openDatabase();
  const children: ChildProcess[] = [];
  try {
    const ascii = await start({ firstHost: 0, hosts: 1, vmsPerHost: vms }, children);
    const plain = await start({ firstHost: 0, hosts: 1, vmsPerHost: PARSED_VMS, isPlain: true }, children);
    const rows = [...(await measureReadings(ascii)), ...(await measurePlainReading(plain))];
    rows.push(...(await measurePasses(ascii, database, children[0]!)));
    console.log(
      `\n${formatTable(["what", "longest stall, ms", "its CPU, ms", "wall, ms", "CPU, ms"], rows.map(formatCells))}\n`,
    );
    console.log(
      `${cpus()[0]?.model.trim() ?? "?"}, ${cpus().length} cores, Node ${process.version}, ` +
        `PostgreSQL ${database.version}, load ${loadBefore.toFixed(1)} to ${loadavg()[0]!.toFixed(1)}`,
    );
    console.log(JSON.stringify({ bench: "stall", vms, ...Object.fromEntries(rows.map(formatEntry)) }));
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await database.close();
  }
}

interface Row {
  readonly what: string;
  readonly stallMs: number;
  readonly stallCpuMs: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Measures reading alone; nothing is planned or written. */
async function measureReadings(address: string): Promise<Row[]> {
  const client = createVdsmClient({ ...parseHostAddress(address), tls: null, callTimeoutMs: TIMEOUT_MS });
  let kept: KeptAnswer | null = null;
  const rows: Row[] = [];
  for (const what of ["read, all new", "read, all new", "read, unchanged", "read, unchanged"]) {
    rows.push(
      await measure(what, async () => {
        const scanned = await client.scanAllVmStats(kept);
        if (rows.length > 0) kept = scanned.toKeep;
      }),
    );
  }
  await client.close();
  return rows.filter((_, at) => at % 2 === 1);
}

async function measurePlainReading(address: string): Promise<Row[]> {
  const client = createVdsmClient({ ...parseHostAddress(address), tls: null, callTimeoutMs: TIMEOUT_MS });
  const what = `read, ${PARSED_VMS} VMs not as VDSM writes`;
  const row = await measure(what, () => client.scanAllVmStats(null));
  await client.close();
  return [row];
}

/** Measures complete passes, with planning and writing. */
async function measurePasses(address: string, { store }: BenchDatabase, host: ChildProcess): Promise<Row[]> {
  const configured = createConfiguredHost(parseHostAddress(address));
  const refresher = startRefresher({
    store,
    createClient: (each) =>
      createVdsmClient({ host: each.host, port: each.port, tls: null, callTimeoutMs: TIMEOUT_MS }),
    hosts: [configured],
    intervalMs: null,
    ignoreNames: [],
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (fields: object, message: string) => {
        console.error(message, fields);
      },
      error: () => undefined,
    },
  });
  const rows: Row[] = [];
  for (const what of ["pass, all new", "pass, unchanged", "pass, some changed"]) {
    if (what === "pass, some changed") {
      host.send("change");
      await once(host, "message");
    }
    rows.push(
      await measure(what, async () => {
        const { outcome, failure } = await refresher.refreshHost(configured.id);
        if (outcome !== "done") throw new Error(failure?.message ?? outcome);
      }),
    );
  }
  await refresher.stop();
  return rows;
}

async function measure(what: string, work: () => Promise<unknown>): Promise<Row> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const turns = new TurnMeter();
  const [startMs, cpu] = [performance.now(), process.cpuUsage()];
  delay.enable();
  await work();
  const [wallMs, { user, system }] = [performance.now() - startMs, process.cpuUsage(cpu)];
  // A stall is recorded in the turn after it.
  await sleep(20);
  delay.disable();
  return { what, stallMs: delay.max / 1e6, stallCpuMs: turns.stop(), wallMs, cpuMs: (user + system) / 1_000 };
}

/** Measures the most CPU of all threads between two turns of the loop: the stall on a machine without other work. */
class TurnMeter {
  private last = process.cpuUsage();
  private most = 0;
  private readonly timer = setInterval(() => {
    this.note();
  }, 1);

  stop(): number {
    clearInterval(this.timer);
    this.note();
    return this.most / 1_000;
  }

  private note(): void {
    const now = process.cpuUsage();
    this.most = Math.max(this.most, now.user - this.last.user + now.system - this.last.system);
    this.last = now;
  }
}

async function start(task: HostsTask, children: ChildProcess[]): Promise<string> {
  const child = fork(fileURLToPath(new URL("million-hosts.ts", import.meta.url)), {
    execArgv: ["--import", "tsx"],
    serialization: "advanced",
  });
  children.push(child);
  child.send(task);
  const [[address]] = (await once(child, "message")) as [string[]];
  return address!;
}

function formatCells({ what, stallMs, stallCpuMs, wallMs, cpuMs }: Row): (string | number)[] {
  return [what, ...[stallMs, stallCpuMs, wallMs, cpuMs].map(Math.round)];
}

function formatEntry({ what, stallMs, stallCpuMs }: Row): [string, object] {
  return [what, { stallMs: Math.round(stallMs), stallCpuMs: Math.round(stallCpuMs) }];
}

/** The most VMs in an answer that must be parsed and is not refused. */
const PARSED_VMS = 3_300;

const TIMEOUT_MS = 120_000;
