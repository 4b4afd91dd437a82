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
 * Writes down how the demo's hosts are reached, for commands that run beside it, readable by its user alone. Resolves with
 * how to take that back. A record of a demo that still runs is left alone: that one keeps the directory, and we will fail.
 */
export async function writeDemoRecord(dataDir: string, record: DemoRecord): Promise<() => Promise<void>> {
  if ((await readDemoRecord(dataDir)) !== null) return () => Promise.resolve();
  const file = recordIn(dataDir);
  const content = { pid: process.pid, startedAt: await readStartTime(process.pid), ...record };
  // As the embedded PostgreSQL makes it: its user passes through, and nobody else looks in.
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
