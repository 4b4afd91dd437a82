import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";

/** A server of bench/hostile/hostile-server.ts in a process of its own. */
export interface ServerChild {
  readonly url: string;
  /** Reads the most memory that it ever had; `null` if the system does not tell (it does on Linux). */
  readPeakBytes(): number | null;
  kill(): Promise<void>;
}

const START_MS = 30_000;
const LOOK_MS = 100;

/** Starts a server with a heap of 2 GB, the same for all servers. */
export async function startServerChild(which: "ours" | "apollo"): Promise<ServerChild> {
  const child = fork(new URL("hostile-server.ts", import.meta.url), [which], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, NODE_ENV: "production", NODE_OPTIONS: "--max-old-space-size=2048" },
    stdio: ["ignore", "pipe", "ignore", "ipc"],
  });
  const ended = new Promise<unknown>((resolve) => child.once("exit", resolve));
  let peak: number | null = null;
  const look = (): number | null => (peak = readPeak(child) ?? peak);
  // It is read regularly, because a server that runs out of memory cannot be asked afterwards.
  const looking = setInterval(look, LOOK_MS);
  void ended.then(() => {
    clearInterval(looking);
  });
  return {
    url: await readUrl(child, ended),
    readPeakBytes: look,
    kill: async () => {
      look();
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function readUrl(child: ChildProcess, ended: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`no server within ${START_MS} ms`));
    }, START_MS);
    void ended.then(() => {
      reject(new Error("the server ended before it listened"));
    });
    child.stdout?.on("data", (chunk: Buffer) => {
      const url = /listening (\S+)/.exec(chunk.toString())?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

function readPeak({ pid }: ChildProcess): number | null {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid ?? 0}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
