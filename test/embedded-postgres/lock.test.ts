import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDataDir } from "../../src/embedded-postgres/lock.js";

const PROCESSES = 6;
const RACES = 60;
const UNSHARE = ["--pid", "--fork", "--mount-proc", "--kill-child"];
const canUnshare = spawnSync("unshare", [...UNSHARE, "true"]).status === 0;

/** A process that asks for locks. */
interface Racer {
  readonly child: ChildProcess;
  ask(line: string): Promise<string>;
}

let dataDir: string;
let racers: Racer[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "vnic-graph-lock-"));
  racers = [];
});

afterEach(async () => {
  for (const { child } of racers) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
  await rm(dataDir, { recursive: true, force: true });
});

/** Starts a process; in a container, its number counts in a namespace of its own. */
function startRacer(isContained = false): Racer {
  const words = [process.execPath, "--import", "tsx", "test/embedded-postgres/lock-child.ts"];
  const [program = "", ...args] = isContained ? ["unshare", ...UNSHARE, ...words] : words;
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines: Interface = createInterface({ input: child.stdout });
  const racer: Racer = {
    child,
    ask: async (line) => {
      const answer = once(lines, "line") as Promise<[string]>;
      child.stdin.write(`${line}\n`);
      return (await answer)[0];
    },
  };
  racers.push(racer);
  return racer;
}

/** What a process leaves behind that was killed while it had the lock. */
async function leaveStaleClaim(): Promise<void> {
  const gone = spawnSync("true").pid;
  await mkdir(join(dataDir, "lock"), { recursive: true });
  const release = await lockDataDir(dataDir);
  const [name = ""] = await readdir(join(dataDir, "lock"));
  const claim = JSON.parse(await readFile(join(dataDir, "lock", name), "utf8")) as object;
  await release();
  await mkdir(join(dataDir, "lock"), { recursive: true });
  await writeFile(join(dataDir, "lock", name), JSON.stringify({ ...claim, pid: gone }));
}

test(`S13: of ${PROCESSES} processes that race for a directory with a stale lock never two have it, in ${RACES} races`, async () => {
  const all = Array.from({ length: PROCESSES }, () => startRacer());
  let wins = 0;
  for (let race = 0; race < RACES; race++) {
    await leaveStaleClaim();
    const answers = await Promise.all(all.map((racer) => racer.ask(`take ${dataDir}`)));
    const winners = all.filter((_, at) => answers[at] === "has it");
    expect(winners.length).toBeLessThanOrEqual(1);
    wins += winners.length;
    for (const winner of winners) await winner.ask("free");
    // A directory that nobody holds can be had at once, whatever the race has left behind.
    await (
      await lockDataDir(dataDir)
    )();
  }
  // All may lose to each other in one race, but not as a rule.
  expect(wins).toBeGreaterThan(RACES / 2);
});

test.skipIf(!canUnshare)(
  "two containers on one volume tell each other apart, although both processes may have the same number",
  async () => {
    const [one, other] = [startRacer(true), startRacer(true)];
    expect(await one.ask(`take ${dataDir}`)).toBe("has it");
    expect(await other.ask(`take ${dataDir}`)).toMatch(
      /^refused: .*in use by process \d+, another vnic-graph/,
    );
    await expect(lockDataDir(dataDir)).rejects.toThrow(/in use by process/);
    expect(await one.ask("free")).toBe("freed");
    expect(await other.ask(`take ${dataDir}`)).toBe("has it");
  },
);

test.each([
  ["another machine", { kernel: "00000000-0000-4000-8000-000000000000" }],
  ["another container", { namespace: "pid:[1]" }],
])("a process of %s holds the lock while its heartbeat is fresh, and no longer", async (_, elsewhere) => {
  const release = await lockDataDir(dataDir);
  const [name = ""] = await readdir(join(dataDir, "lock"));
  const path = join(dataDir, "lock", name);
  const claim = JSON.parse(await readFile(path, "utf8")) as object;
  await release();
  await mkdir(join(dataDir, "lock"), { recursive: true });
  await writeFile(path, JSON.stringify({ ...claim, ...elsewhere }));
  await expect(lockDataDir(dataDir)).rejects.toThrow(/in use by process/);
  const silentSince = new Date(Date.now() - 60_000);
  await utimes(path, silentSince, silentSince);
  await (
    await lockDataDir(dataDir)
  )();
});
