import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { PeerSpec, RunningPeer } from "./types.js";

const GRAPH_QUERIES = ["Q1", "Q2", "Q3", "Q4"] as const;
const OWN_QUERIES = [...GRAPH_QUERIES, "Q5", "Q6", "Q7"] as const;

/** All servers of the comparison. `limit`, `rows` and `memory` are no GraphQL servers. */
export const PEERS: readonly PeerSpec[] = [
  { name: "vnic-graph", file: null, dialect: "own", queries: OWN_QUERIES },
  {
    name: "vnic-graph (nothing kept)",
    file: null,
    dialect: "own",
    queries: OWN_QUERIES,
    settings: { CACHE_MB: "0" },
  },
  {
    name: "vnic-graph (the same again)",
    file: null,
    dialect: "own",
    queries: GRAPH_QUERIES,
    hasOneQuestion: true,
  },
  {
    name: "vnic-graph (token and scope)",
    file: null,
    dialect: "own",
    queries: OWN_QUERIES,
    hasToken: true,
  },
  {
    name: "vnic-graph (plain resolvers)",
    file: null,
    dialect: "own",
    queries: [...GRAPH_QUERIES, "Q5"],
    settings: { CACHE_MB: "0" },
    isPlain: true,
  },
  { name: "tutorial", file: "tutorial.ts", dialect: "graph", queries: GRAPH_QUERIES },
  { name: "mercurius", file: "mercurius.mjs", dialect: "graph", queries: GRAPH_QUERIES },
  { name: "yoga", file: "yoga.mjs", dialect: "graph", queries: GRAPH_QUERIES },
  { name: "apollo-jit", file: "apollo-jit.mjs", dialect: "graph", queries: GRAPH_QUERIES },
  { name: "apollo-subgraph", file: "subgraph.mjs", dialect: "graph", queries: ["Q5"] },
  {
    name: "postgraphile",
    file: "postgraphile.mjs",
    dialect: "postgraphile",
    queries: GRAPH_QUERIES,
    needsNode22: true,
  },
  { name: "rows", file: "rows.mjs", dialect: "bytes", queries: GRAPH_QUERIES },
  { name: "limit", file: "limit.mjs", dialect: "bytes", queries: [...GRAPH_QUERIES, "Q7"] },
  { name: "memory", file: "memory.mjs", dialect: "bytes", queries: ["Q1"] },
];

/** The options of a peer. */
export interface PeerStart {
  readonly databaseUrl: string;
  readonly tokensFile: string;
  readonly token: string;
  /** The file for our own gateway's log, as with a service. */
  readonly logFile: string;
  /** Further settings of our own gateway. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a peer in a process of its own, and waits until it listens. */
export async function startPeer(spec: PeerSpec, start: PeerStart): Promise<RunningPeer> {
  const child = spec.file === null ? spawnGateway(spec, start) : spawnPeer(spec.file, spec, start);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
  });
  const url = await waitForUrl(spec, child, start, ended);
  return {
    ...spec,
    url,
    pid: child.pid ?? 0,
    headers: spec.hasToken === true ? { authorization: `Bearer ${start.token}` } : {},
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Starts our built gateway with all defaults and its log in a file. It polls no hosts. */
function spawnGateway(spec: PeerSpec, start: PeerStart): ChildProcess {
  const log = openSync(start.logFile + formatSuffix(spec), "w");
  const child = spawn(process.execPath, ["dist/src/main.js", "start"], {
    cwd: ROOT,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      DATABASE_URL: start.databaseUrl,
      REFRESH_INTERVAL: "off",
      PORT: "0",
      ...start.environment,
      ...spec.settings,
      ...(spec.hasToken === true ? { AUTH_TOKENS_FILE: start.tokensFile } : {}),
    },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  return child;
}

function spawnPeer(
  file: string,
  { needsNode22, settings }: PeerSpec,
  { databaseUrl }: PeerStart,
): ChildProcess {
  const node = needsNode22 === true ? `${HERE}node_modules/node/bin/node` : process.execPath;
  const typescript = file.endsWith(".ts") ? ["--import", "tsx"] : [];
  return spawn(node, [...typescript, `peers/${file}`], {
    cwd: HERE,
    env: {
      ...process.env,
      NODE_ENV: "production",
      GRAPHILE_ENV: "production",
      DATABASE_URL: databaseUrl,
      BYTES: "1100",
      ...settings,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
}

async function waitForUrl(
  spec: PeerSpec,
  child: ChildProcess,
  { logFile }: PeerStart,
  ended: Promise<void>,
): Promise<string> {
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const state = { hasEnded: false };
  void ended.then(() => (state.hasEnded = true));
  for (let waited = 0; waited < START_MS; waited += LOOK_MS) {
    const text = spec.file === null ? readFileSync(logFile + formatSuffix(spec), "utf8") : said;
    const url = (spec.file === null ? OWN_LINE : PEER_LINE).exec(text)?.[1];
    if (url !== undefined) return spec.file === null ? `${url}/graphql` : url;
    if (state.hasEnded) throw new Error(`${spec.name} ended before it listened: ${text.slice(-500)}`);
    await sleep(LOOK_MS);
  }
  child.kill("SIGKILL");
  throw new Error(`${spec.name} did not listen within ${START_MS} ms`);
}

function formatSuffix({ name }: PeerSpec): string {
  return `.${name.replaceAll(/\W+/g, "-")}`;
}

const HERE = fileURLToPath(new URL("./", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const START_MS = 60_000;
const LOOK_MS = 50;
const PEER_LINE = /listening (\S+)\n/;
const OWN_LINE = /"url":"(http:\/\/127\.0\.0\.1:\d+)\/?"/;
