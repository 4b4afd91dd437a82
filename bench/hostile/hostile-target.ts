import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runVnicGraph } from "../../test/support/processes/process.js";
import { temporaryFolder } from "../../test/support/processes/gateway.js";

/** What a server used between two moments. */
export interface Usage {
  /** The longest time in which the event loop served nobody, in CPU milliseconds of the main thread. */
  readonly stretchMs: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
}

/** The answer, as far as it matters. */
export interface TargetAnswer {
  /** 0: the connection was lost, or nothing came for a minute. */
  readonly status: number;
  readonly bytes: number;
}

/** A server that queries are sent to, in a process of its own. */
export interface Target {
  readonly isAlive: () => boolean;
  ask(query: string, variables?: unknown): Promise<TargetAnswer>;
  /** Begins to measure. The function that it returns ends the measurement. */
  measure(): () => Promise<Usage>;
  stop(): Promise<void>;
}

/** Starts our gateway, or Apollo Server with its defaults, on this database. */
export async function startTarget(which: "ours" | "apollo", databaseUrl: string): Promise<Target> {
  const folder = temporaryFolder();
  const probeFile = join(folder.path, "probe");
  const environment = {
    PORT: "0",
    REFRESH_INTERVAL: "off",
    LOG_LEVEL: "warn",
    NODE_ENV: "production",
    DATABASE_URL: databaseUrl,
    DATA_DIR: folder.path,
    LOOP_PROBE_FILE: probeFile,
  };
  const probe = ["--import", new URL("loop-probe.mjs", import.meta.url).href, "--import", "tsx"];
  const run =
    which === "ours"
      ? runVnicGraph(["start"], environment, [...probe, "src/main.ts"])
      : runVnicGraph([], environment, [...probe, "bench/hostile/hostile-apollo.ts"]);
  const [, url = ""] = await run.says(/GraphQL: (http:\S+)\/graphql/);
  const isAlive = () => run.child.exitCode === null && run.child.signalCode === null;
  const ask = async (query: string, variables: unknown = {}): Promise<TargetAnswer> => {
    try {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      return { status: response.status, bytes: (await response.arrayBuffer()).byteLength };
    } catch {
      return { status: 0, bytes: 0 };
    }
  };
  // The gateway may still wait for its database. After the first request it counts its lists.
  while (isAlive() && (await ask("{ hosts { id } }")).status !== 200) await sleep(200);
  await sleep(2_000);
  return {
    isAlive,
    ask,
    measure: () => {
      const from = readProbe(probeFile).length;
      return async () => {
        await sleep(600);
        return sumUp(readProbe(probeFile), from);
      };
    },
    stop: async () => {
      run.child.kill("SIGKILL");
      await run.ended;
      folder.remove();
    },
  };
}

interface ProbeLine {
  readonly longestMs: number;
  readonly cpuMs: number;
  readonly rss: number;
}

function readProbe(file: string): ProbeLine[] {
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as ProbeLine);
}

function sumUp(lines: readonly ProbeLine[], from: number): Usage {
  const within = lines.slice(from);
  return {
    stretchMs: Math.max(0, ...within.map(({ longestMs }) => longestMs)),
    cpuMs: (within.at(-1)?.cpuMs ?? Number.NaN) - (lines[from - 1]?.cpuMs ?? 0),
    peakBytes: Math.max(0, ...within.map(({ rss }) => rss)),
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const PATIENCE_MS = 60_000;
