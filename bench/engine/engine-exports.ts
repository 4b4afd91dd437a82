import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { formatTable } from "../../src/commands/table.js";
import { FORMATS } from "../../src/exports/formats.js";
import { readCpuSeconds, readServerCpuSeconds } from "../support/process-cpu.js";
import { openLargeEngine } from "./engine-database.js";
import { startEngineGateway } from "./engine-gateway.js";

/** Measures an export in each format from an engine's database of 100,000 VMs on 502 hosts, one after another. */
export async function benchEngineExports(): Promise<void> {
  const database = await openLargeEngine(502);
  const gateway = await startEngineGateway("now", ".", database.readerUrl);
  try {
    console.log(`100,000 VMs on 502 hosts, PostgreSQL ${database.version}; one export of each format`);
    const table: (string | number)[][] = [];
    for (const format of Object.keys(FORMATS)) {
      const [gatewayBefore, serverBefore] = [
        readCpuSeconds(gateway.pid),
        readServerCpuSeconds(database.serverPid),
      ];
      const memoryBefore = readMemory(gateway.pid);
      const start = performance.now();
      const { bytes, mostMemory } = await readAll(`${gateway.url}/export/${format}`, gateway.pid);
      table.push([
        format,
        (bytes / 1e6).toFixed(1),
        ((performance.now() - start) / 1_000).toFixed(1),
        (readCpuSeconds(gateway.pid) - gatewayBefore).toFixed(1),
        (readServerCpuSeconds(database.serverPid) - serverBefore).toFixed(1),
        memoryBefore.toFixed(0),
        mostMemory.toFixed(0),
      ]);
    }
    const head = ["format", "MB", "seconds", "gateway CPU", "PostgreSQL CPU", "memory before, MB", "most"];
    console.log(formatTable(head, table));
  } finally {
    await gateway.stop();
    await database.close();
  }
}

/** How often memory is looked at. */
const LOOK_MS = 50;

/** Reads an answer to its end, and throws away what it says. */
async function readAll(url: string, pid: number): Promise<{ bytes: number; mostMemory: number }> {
  let [bytes, mostMemory] = [0, 0];
  const looking = setInterval(() => {
    mostMemory = Math.max(mostMemory, readMemory(pid));
  }, LOOK_MS);
  try {
    const [response] = (await once(get(url), "response")) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode}`);
    for await (const piece of response) bytes += (piece as Buffer).byteLength;
    return { bytes, mostMemory };
  } finally {
    clearInterval(looking);
  }
}

/** Reads the resident memory of a process, in MB. */
function readMemory(pid: number): number {
  const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1_000;
}
