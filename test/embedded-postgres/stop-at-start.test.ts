import { once } from "node:events";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, mkdtempSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startEmbeddedPostgres } from "../../src/embedded-postgres/embedded-postgres.js";
import { eventually } from "../support/eventually.js";
import { runVnicGraph, type Run } from "../support/processes/process.js";

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A folder that the server's user may enter, so that its data stay there. */
function makeDataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), "vnic-graph-stop-"));
  chmodSync(folder, 0o755);
  cleanups.push(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

const below = (dataDir: string, ...path: string[]): string => join(dataDir, "demo", ...path);

function start(dataDir: string): Run {
  const run = runVnicGraph(["start"], { PORT: "0", DATA_DIR: dataDir });
  cleanups.push(async () => {
    run.child.kill("SIGKILL");
    await run.ended;
  });
  return run;
}

/** The processes of a server on that cluster. */
function listServers(dataDir: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dataDir);
    } catch {
      return false;
    }
  });
}

/** Moments of a first start, each seen in the folder of the data. */
test.each<[string, (dataDir: string) => boolean]>([
  ["when the folder is locked", (dataDir) => existsSync(below(dataDir))],
  ["while initdb runs", (dataDir) => existsSync(below(dataDir, "postgresql.new"))],
  ["when the cluster is made", (dataDir) => existsSync(below(dataDir, "postgresql", "PG_VERSION"))],
  ["while the server starts", (dataDir) => existsSync(below(dataDir, "postgresql", "postmaster.pid"))],
])(
  "SIGTERM %s ends the process with 0 within ten seconds and leaves no server; the next start works",
  async (_moment, hasCome) => {
    const dataDir = makeDataDir();
    const gateway = start(dataDir);
    await eventually(() => {
      expect(hasCome(dataDir)).toBe(true);
    });
    gateway.child.kill("SIGTERM");
    // A process that needs longer ends itself with 1.
    expect(await gateway.ended, gateway.output()).toBe(0);
    await eventually(() => {
      expect(listServers(dataDir)).toEqual([]);
    });
    const second = start(dataDir);
    await second.says(/GraphQL: http:\S+/);
    second.child.kill("SIGTERM");
    expect(await second.ended).toBe(0);
  },
);

test("a start that is stopped while initdb runs does not wait until the cluster is made, and gives the folder back", async () => {
  const dataDir = makeDataDir();
  const stopping = new AbortController();
  const spawned: string[] = [];
  const starting = startEmbeddedPostgres({
    dataDir: join(dataDir, "demo"),
    log: () => undefined,
    onSpawned: () => {
      spawned.push("program");
      stopping.abort(new Error("stopped"));
    },
    signal: stopping.signal,
  });
  await expect(starting).rejects.toThrow("stopped");
  expect(spawned).toHaveLength(1);
  expect(existsSync(below(dataDir, "postgresql"))).toBe(false);
  expect(listServers(dataDir)).toEqual([]);
  const again = await startEmbeddedPostgres({ dataDir: join(dataDir, "demo"), log: () => undefined });
  await again.stop();
});

test("a start that finds its port taken ends with 1 and leaves no server", async () => {
  const dataDir = makeDataDir();
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  cleanups.push(() => void holder.close());
  const { port } = holder.address() as AddressInfo;
  const gateway = runVnicGraph(["start"], { PORT: String(port), DATA_DIR: dataDir });
  expect(await gateway.ended, gateway.output()).toBe(1);
  expect(gateway.output()).toContain(String(port));
  await eventually(() => {
    expect(listServers(dataDir)).toEqual([]);
  });
});
