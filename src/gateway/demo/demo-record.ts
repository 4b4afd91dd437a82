import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDataDir } from "../../embedded-postgres/data-dir.js";
import { isRunning, readStartTime } from "../../embedded-postgres/processes.js";
import type { ConfiguredHost } from "../../store/types.js";

/** How the simulated hosts of a running demo are reached. */
export interface DemoRecord {
  readonly hosts: readonly ConfiguredHost[];
  readonly clientTls: { readonly ca: string; readonly cert: string; readonly key: string } | null;
}

/**
 * Writes the record of a demo's hosts, for commands that run beside it. Only its user can read the file. Resolves with
 * the function that removes it. If another demo still runs on the directory, its record stays, and this demo will fail.
 */
export async function writeDemoRecord(dataDir: string, record: DemoRecord): Promise<() => Promise<void>> {
  if ((await readDemoRecord(dataDir)) !== null) return () => Promise.resolve();
  const file = recordIn(dataDir);
  const content = { pid: process.pid, startedAt: await readStartTime(process.pid), ...record };
  // The directory gets the same rights as for the embedded PostgreSQL: its user may pass through it, and nobody else
  // may list it.
  await makeDataDir(dataDir);
  await rm(file, { force: true });
  await writeFile(file, JSON.stringify(content), { mode: 0o600, flag: "wx" });
  return () => rm(file, { force: true });
}

/** Reads how the hosts of a running demo are reached; `null`: none runs on this directory. */
export async function readDemoRecord(dataDir: string): Promise<DemoRecord | null> {
  const text = await readFile(recordIn(dataDir), "utf8").catch(() => null);
  if (text === null) return null;
  const { pid, startedAt, hosts, clientTls } = JSON.parse(text) as DemoRecord & {
    readonly pid: number;
    readonly startedAt: string;
  };
  const isLive = isRunning(pid) && (await readStartTime(pid)) === startedAt;
  return isLive ? { hosts, clientTls } : null;
}

function recordIn(dataDir: string): string {
  return join(dataDir, "demo-hosts.json");
}
