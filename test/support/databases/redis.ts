import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { freePort } from "../processes/tcp.js";

/** Tells whether `redis-server` is installed. Without it, the tests that need it are skipped. */
export const hasRedisServer = spawnSync("redis-server", ["--version"]).status === 0;

/** A Redis for one test. It keeps nothing when it stops, and can be started again on the same port. */
export interface TestRedis {
  readonly url: string;
  start(): Promise<void>;
  /** Kills the server at once, like a crash. */
  kill(): Promise<void>;
}

/** Reserves a port for a Redis, which is not started yet. */
export async function placeForRedis(): Promise<TestRedis> {
  const port = await freePort();
  let child: ChildProcess | null = null;
  return {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      const started = spawn(
        "redis-server",
        ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      child = started;
      let output = "";
      for await (const chunk of started.stdout as AsyncIterable<Buffer>) {
        output += chunk.toString();
        if (output.includes("Ready to accept connections")) break;
      }
      started.stdout.resume();
    },
    async kill() {
      const running = child;
      child = null;
      if (running === null) return;
      const ended = once(running, "exit");
      running.kill("SIGKILL");
      await ended;
    },
  };
}
