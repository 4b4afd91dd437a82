import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { freePort } from "./tcp.js";

/** Whether tests can have a Redis of their own: where there is no `redis-server`, those that need one are skipped. */
export const hasRedisServer = spawnSync("redis-server", ["--version"]).status === 0;

/** A Redis of one test's own, which forgets all when it stops, and may come back at the same place. */
export interface TestRedis {
  readonly url: string;
  start(): Promise<void>;
  /** At once, as a crash would. */
  kill(): Promise<void>;
}

/** A place for a Redis; nothing listens there yet. */
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
