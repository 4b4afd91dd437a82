import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readCpuSeconds, readServerCpuSeconds } from "../support/process-cpu.js";
import type { Question } from "./queries.js";
import type { Round, RunningPeer } from "./types.js";

/** Sends questions to a peer on 32 connections for some seconds, from a process of its own. */
export async function measureRound(
  peer: RunningPeer,
  questions: readonly Question[],
  { seconds, postgresPid }: { readonly seconds: number; readonly postgresPid: number },
): Promise<Round> {
  const before = [readCpuSeconds(peer.pid), readServerCpuSeconds(postgresPid)] as const;
  const load = await runLoad({
    url: peer.url,
    headers: peer.headers,
    bodies: questions.map((question) => JSON.stringify(question)),
    connections: CONNECTIONS,
    seconds,
  });
  const after = [readCpuSeconds(peer.pid), readServerCpuSeconds(postgresPid)] as const;
  if (load.failed > 0) throw new Error(`${peer.name}: ${load.failed} of ${load.requests} requests failed`);
  const perRequest = (cpuSeconds: number) => (1000 * cpuSeconds) / Math.max(1, load.requests);
  return {
    requestsPerSecond: load.requests / load.seconds,
    p50: load.p50,
    p99: load.p99,
    nodeCpuMs: perRequest(after[0] - before[0]),
    postgresCpuMs: perRequest(after[1] - before[1]),
    rssMb: readRssMb(peer.pid),
  };
}

/** Asks one question and returns the answer's data. Throws if there are none. */
export async function ask(peer: RunningPeer, question: Question): Promise<Record<string, unknown>> {
  const response = await fetch(peer.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...peer.headers },
    body: JSON.stringify(question),
  });
  const text = await response.text();
  const { data, errors } = JSON.parse(text) as { data?: Record<string, unknown> | null; errors?: unknown };
  if (data == null || errors !== undefined) throw new Error(`${peer.name} answered ${text.slice(0, 500)}`);
  return data;
}

interface Load {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

function runLoad(job: object): Promise<Load> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [LOAD], { stdio: ["pipe", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.once("exit", (code) => {
      if (code === 0) resolve(JSON.parse(said) as Load);
      else reject(new Error(`the load generator ended with ${code ?? "a signal"}`));
    });
    child.stdin.end(JSON.stringify(job));
  });
}

function readRssMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes ?? Number.NaN) / 1024;
}

const LOAD = fileURLToPath(new URL("load.mjs", import.meta.url));
const CONNECTIONS = 32;
