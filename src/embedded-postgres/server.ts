import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { findServerProcess, isRunning } from "./processes.js";
import { findLastErrors, createSpawnOptions, type ServerUser } from "./run.js";

/** Options of a server. */
export interface ServerOptions {
  readonly clusterDir: string;
  readonly binDir: string;
  readonly user: ServerUser | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
  /** Called each time that the program was started. */
  readonly onSpawned: () => void;
}

/** A server that takes connections. */
export interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a server on a free port. If it dies, it is started again on the same port, until it is stopped. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  let port = await findFreePort();
  let child: ChildProcess | null = null;
  while (child === null) {
    try {
      child = await spawnServer(options, port);
    } catch (error) {
      // Another program took the port, or the processes of a killed server have not ended yet.
      if (!(error instanceof Error && RETRIED.test(error.message)) || performance.now() > deadline)
        throw error;
      await sleep(200);
      port = await findFreePort();
    }
  }
  return superviseServer(child, port, options);
}

function superviseServer(first: ChildProcess, port: number, options: ServerOptions): Server {
  const stopping = new AbortController();
  let child = first;
  const watch = async (): Promise<void> => {
    for (;;) {
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      while (!stopping.signal.aborted) {
        options.log("PostgreSQL ended unasked; it is started again");
        try {
          child = await spawnServer(options, port);
          break;
        } catch (error) {
          options.log(error instanceof Error ? error.message : String(error));
          await sleep(1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
        }
      }
      if (!stopping.signal.aborted) continue;
      await end(child);
      return;
    }
  };
  const watching = watch();
  return {
    port,
    stop: async () => {
      stopping.abort();
      await end(child);
      await watching;
    },
  };
}

/** Ends a server that an earlier gateway left behind. Call it only while holding the directory's lock. */
export async function stopOrphan(clusterDir: string): Promise<void> {
  const file = join(clusterDir, "postmaster.pid");
  const lines = (await readFile(file, "utf8").catch(() => "")).split("\n");
  if (!isRunning(Number(lines[0]))) return;
  const pid = await findServerProcess(lines, clusterDir);
  if (pid === null) {
    // Another program has that process number now. PostgreSQL would take it for a running server and refuse to start.
    await rm(file, { force: true });
    return;
  }
  for (const [signal, waitMs] of [
    ["SIGINT", 15_000],
    ["SIGQUIT", 10_000],
  ] as const) {
    if (isRunning(pid)) process.kill(pid, signal);
    for (const deadline = performance.now() + waitMs; isRunning(pid) && performance.now() < deadline;)
      await sleep(50);
  }
}

async function spawnServer(options: ServerOptions, port: number): Promise<ChildProcess> {
  const { clusterDir, binDir, user, log } = options;
  const settings = Object.entries({ ...options.settings, port: String(port) });
  const args = ["-D", clusterDir, ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const program = join(binDir, "postgres");
  // A process group of its own, because Ctrl-C in a terminal must not end the database before its clients are done.
  const how = { ...createSpawnOptions(user), detached: true };
  const child =
    process.platform === "win32"
      ? spawn(program, args, { ...how, stdio: ["ignore", "ignore", "pipe"] })
      : spawn("/bin/sh", ["-c", UNTIL_STDIN_ENDS, program, program, ...args], {
          ...how,
          stdio: ["pipe", "ignore", "pipe"],
        });
  child.stdin?.on("error", () => undefined);
  options.onSpawned();
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      child.stdin?.destroy();
      const how = String(code ?? signal);
      reject(
        new Error(`${clusterDir}: PostgreSQL did not start (${how}): ${findLastErrors(said.join("\n"))}`),
      );
    });
    createInterface(child.stderr).on("line", (line) => {
      log(line);
      if (said.push(line) > 50) said.shift();
      if (line.includes("database system is ready to accept connections")) resolve(child);
    });
  });
}

/** Shuts the server down: it disconnects clients and writes all data. If that takes too long, it is killed. */
async function end(child: ChildProcess): Promise<void> {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const exit = hasEnded() ? null : once(child, "exit");
  child.kill("SIGINT");
  const hard = setTimeout(() => child.kill("SIGQUIT"), STOP_TIMEOUT_MS);
  await exit;
  clearTimeout(hard);
  child.stdin?.destroy();
}

/** Finds a port that is free now, because PostgreSQL cannot choose one itself. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port on 127.0.0.1");
  return address.port;
}

/**
 * A shell script that starts a watcher and then becomes PostgreSQL. The watcher ends PostgreSQL when our side of standard
 * input closes, as it does however this process ends. The watcher is not a child of PostgreSQL, which waits for its own
 * children.
 */
const UNTIL_STDIN_ENDS = `
pid=$$
exec 3<&0
( { cat <&3; kill -INT "$pid"; } >/dev/null 2>&1 & )
exec "$@" </dev/null 3<&-
`;

const RETRIED =
  /could not bind|could not create any TCP|pre-existing shared memory|lock file .* already exists/;

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 30_000;
