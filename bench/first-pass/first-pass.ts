import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { cpus, loadavg } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { formatTable } from "../../src/commands/table.js";
import { runSql, startPostgresServer, withDatabase } from "../../test/support/databases/postgres-server.js";
import { computeMedian } from "../support/median.js";
import { readCpuSeconds } from "../support/process-cpu.js";

/**
 * Measures the first pass over one host: `refresh --once` of this build, and of another one, on empty databases. The
 * host sends prepared answers over a socket. Both builds must exist.
 */
export async function benchFirstPass(options: {
  readonly vms: number;
  readonly rounds: number;
  readonly against: string | null;
}): Promise<void> {
  const loadBefore = loadavg()[0]!;
  const server = await startPostgresServer("DATABASE_URL", {});
  const host = fork(fileURLToPath(new URL("first-pass-host.ts", import.meta.url)), {
    execArgv: ["--import", "tsx"],
  });
  try {
    host.send(options.vms);
    const [port] = (await once(host, "message")) as [number];
    const trees = [process.cwd(), ...(options.against === null ? [] : [resolve(options.against)])];
    const runs = trees.map((): Run[] => []);
    for (let round = 0; round < options.rounds; round += 1) {
      for (const [at, tree] of trees.entries()) runs[at]!.push(await runOnce(tree, port, server.url, host));
    }
    const rows = runs.map((each, at) => [
      at === 0 ? "this build" : options.against!,
      ...(["passMs", "cpuMs", "idleCpuMs", "hostCpuMs"] as const).map((field) =>
        Math.round(computeMedian(each.map((run) => run[field]))),
      ),
    ]);
    const head = ["build", "pass, ms", "process, CPU ms", "of it without a host, CPU ms", "host, CPU ms"];
    console.log(`\n${options.vms} VMs, medians of ${options.rounds} rounds\n\n${formatTable(head, rows)}\n`);
    console.log(
      `${cpus()[0]?.model.trim() ?? "?"}, ${cpus().length} cores, Node ${process.version}, ` +
        `load ${loadBefore.toFixed(1)} to ${loadavg()[0]!.toFixed(1)}`,
    );
  } finally {
    host.kill("SIGKILL");
    await server.stop();
  }
}

interface Run {
  readonly passMs: number;
  readonly cpuMs: number;
  /** CPU of the same command without a host: the cost of starting. */
  readonly idleCpuMs: number;
  readonly hostCpuMs: number;
}

async function runOnce(tree: string, port: number, serverUrl: string, host: ChildProcess): Promise<Run> {
  const name = `vnic_graph_first_pass_${process.pid}`;
  await runSql(serverUrl, `CREATE DATABASE ${name}`);
  try {
    const environment = { DATABASE_URL: withDatabase(serverUrl, name), VDSM_TLS: "off" };
    await runCommand(tree, ["migrate"], environment);
    const idle = await runCommand(tree, ["migrate"], environment);
    const hostBefore = readCpuSeconds(host.pid!);
    const vdsmHosts = { ...environment, VDSM_HOSTS: `127.0.0.1:${port}` };
    const { output, cpuMs } = await runCommand(tree, ["refresh", "--once"], vdsmHosts);
    // The pass's time is the last number in the host's line; a reason would follow it.
    const passMs = Number(/ done .* (\d+)\s*$/m.exec(output)?.[1]);
    if (!(passMs > 0)) throw new Error(`the pass of ${tree} did not end well:\n${output}`);
    const hostCpuMs = (readCpuSeconds(host.pid!) - hostBefore) * 1_000;
    return { passMs, cpuMs, idleCpuMs: idle.cpuMs, hostCpuMs };
  } finally {
    await runSql(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

/** Runs a command of a build. The process writes its CPU time into its last line. */
async function runCommand(
  tree: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
) {
  const meter = `data:text/javascript,process.on("exit",()=>{const u=process.cpuUsage();console.log("cpu "+(u.user+u.system)/1000)})`;
  const child = spawn(process.execPath, ["--import", meter, "dist/src/main.js", ...args], {
    cwd: tree,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, "close");
  return { output, cpuMs: Number(/^cpu ([\d.]+)$/m.exec(output)?.[1]) };
}
