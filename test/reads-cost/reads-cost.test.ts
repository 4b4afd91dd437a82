import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listQuestions, type Question } from "../../bench/reads/queries.js";
import { readCpuSeconds } from "../../bench/support/process-cpu.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { temporaryFolder } from "../support/processes/gateway.js";
import { ROOT } from "../support/documents/markdown.js";
import { addReadFleet } from "../support/reads/read-fleet.js";
import { runVnicGraph } from "../support/processes/process.js";
import { until } from "../server/running.js";
import { startCountingProxy, type CountingProxy } from "./counting-proxy.js";

/**
 * What reading costs, so that a loss of a factor of two is noticed. Our gateway runs with all its defaults, but keeps nothing
 * (`CACHE_MB=0`); beside it the same API as tutorials write it: Apollo, TypeGraphQL, TypeORM and DataLoader, bench/reads/peers.
 */
interface Server {
  readonly url: string;
  readonly child: ChildProcess;
}

let database: TestDatabase;
let proxy: CountingProxy;
let ours: Server;
let tutorial: Server;
const folder = temporaryFolder();

beforeAll(async () => {
  database = await createDatabase();
  await addReadFleet(database, VMS);
  const target = new URL(database.url);
  proxy = await startCountingProxy(Number(target.port || 5432));
  target.port = String(proxy.port);
  const environment = { DATABASE_URL: target.href, NODE_ENV: "production" };
  const gateway = runVnicGraph(
    ["start"],
    { ...environment, REFRESH_INTERVAL: "off", PORT: "0", CACHE_MB: "0", DATA_DIR: folder.path },
    [...NODE_FLAGS, "src/main.ts"],
  );
  tutorial = await startTutorial(environment);
  const listening = await gateway.says(/"url":"(http:[^"]+)"/);
  ours = { child: gateway.child, url: `${listening[1] ?? ""}/graphql` };
  await until(async () => (await fetch(`${listening[1] ?? ""}/readyz`)).status === 200);
});

afterAll(async () => {
  for (const { child } of [ours, tutorial]) {
    const ended = once(child, "close");
    child.kill("SIGKILL");
    await ended;
  }
  proxy.close();
  await database.drop();
  folder.remove();
});

const VMS = 2_000;

/** The young generation is so large that next to nothing is collected while allocations are counted. */
const NODE_FLAGS = ["--min-semi-space-size=128", "--max-semi-space-size=128", "--import", "tsx"];

/** Starts the tutorial's build with the packages of our own package.json. It ends with its standard input. */
async function startTutorial(environment: Readonly<Record<string, string>>): Promise<Server> {
  const child = spawn(process.execPath, [...NODE_FLAGS, "bench/reads/peers/tutorial.ts"], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let said = "";
  for await (const chunk of child.stdout) {
    said += String(chunk);
    const url = /listening (http:\S+)/.exec(said)?.[1];
    if (url !== undefined) return { child, url: new URL("/graphql", url).href };
  }
  throw new Error(`the tutorial's build did not start: ${said}`);
}

/** Asks one question; returns the body of a good answer. */
function ask({ url }: Server, question: Question, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: "POST", ...(agent && { agent }), headers: { "content-type": "application/json" } },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => (text += chunk));
        answer.once("end", () => {
          if (answer.statusCode === 200 && !text.includes('"errors"')) resolve(text);
          else reject(new Error(`${answer.statusCode ?? 0}: ${text.slice(0, 500)}`));
        });
      },
    );
    sent.once("error", reject);
    sent.end(JSON.stringify(question));
  });
}

/** Asks all questions, so many at the same time. */
async function askAll(server: Server, questions: readonly Question[], width: number): Promise<void> {
  const left = [...questions];
  // A server closes a connection that nobody used for a while, so none is kept until the next questions.
  const agent = new Agent({ keepAlive: true });
  const askOneByOne = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await ask(server, next, agent);
  };
  await Promise.all(Array.from({ length: width }, askOneByOne));
  agent.destroy();
}

const questionsFor = (server: Server, name: "Q1" | "Q2", count: number) =>
  listQuestions(name, server === ours ? "own" : "graph", { vms: VMS, cursors: [], count });

test("both answer alike", async () => {
  for (const name of ["Q1", "Q2"] as const) {
    const [one, other] = [ours, tutorial].map((server) => ask(server, questionsFor(server, name, 1)[0]!));
    const [expected, found] = [JSON.parse(await other!) as object, JSON.parse(await one!) as object];
    expect(found).toEqual(expected);
  }
});

test.each([
  ["one VM", "Q1"],
  ["a page of 50 VMs with devices and vNICs", "Q2"],
] as const)("%s costs one statement", async (_what, name) => {
  const questions = questionsFor(ours, name, 40);
  // The first of a kind is executed field by field; from then on it is planned.
  await askAll(ours, questions.slice(0, 10), 1);
  proxy.take();
  await askAll(ours, questions, 1);
  const often = [...proxy.take().values()].filter((count) => count >= questions.length);
  expect(often).toEqual([40]);
});

test.each([
  ["one VM", "Q1", 150, 150_000],
  ["a page of 50 VMs with devices and vNICs", "Q2", 40, 1_300_000],
] as const)(
  "%s allocates no more than it did, and half as much again",
  async (_what, name, count, mostBytes) => {
    const questions = questionsFor(ours, name, count);
    await askAll(ours, questions, 1);
    const tries: number[] = [];
    for (let each = 0; each < 5; each++) {
      const before = await readHeapBytes();
      await askAll(ours, questions, 1);
      tries.push(((await readHeapBytes()) - before) / count);
    }
    // A try in which the young generation was collected shows less than nothing, and one in which code was compiled too much.
    const bytes = Math.min(...tries.filter((each) => each > mostBytes / 10));
    expect(bytes).toBeLessThan(mostBytes);
  },
);

async function readHeapBytes(): Promise<number> {
  const text = await (await fetch(new URL("/metrics", ours.url))).text();
  return Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1]);
}

test.skipIf(process.platform !== "linux").each([
  ["one VM", "Q1", 400, 0.5],
  ["a page of 50 VMs with devices and vNICs", "Q2", 50, 0.4],
] as const)(
  "%s costs much less of Node's CPU than as tutorials write it",
  async (_what, name, count, most) => {
    const used = new Map<Server, number[]>([
      [ours, []],
      [tutorial, []],
    ]);
    // The first rounds warm up. Rounds take turns, so that both meet the same weather, and the best counts.
    for (let round = 0; round < ROUNDS; round++) {
      for (const [server, seconds] of used) {
        const pid = server.child.pid ?? 0;
        const before = readCpuSeconds(pid);
        await askAll(server, questionsFor(server, name, count), 16);
        if (round >= 2) seconds.push(readCpuSeconds(pid) - before);
      }
    }
    const best = (server: Server) => Math.min(...(used.get(server) ?? []));
    expect(best(ours) / best(tutorial)).toBeLessThan(most);
  },
);

const ROUNDS = 6;
