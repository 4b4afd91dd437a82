import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type BenchDatabase, openDatabase } from "../support/database.js";
import { readParent } from "../support/process-cpu.js";
import { assertSameAnswer, normalizeAnswer } from "./compare.js";
import { fillReadFleet, readPastInstant } from "./fleet.js";
import { ask, measureRound } from "./measure.js";
import { PEERS, startPeer, type PeerStart } from "./peers.js";
import { CURSOR_QUERY, listQuestions, type Cursors } from "./queries.js";
import { computeRatios, formatTable, type Measured } from "./report.js";
import { plotReads } from "./plot.js";
import type { QueryName, Round, RunningPeer } from "./types.js";

/** The options of a run. */
export interface ReadsOptions {
  readonly vms: number;
  readonly rounds: number;
  readonly seconds: number;
  /** Only these peers; empty: all. */
  readonly peers: readonly string[];
  /** Only these queries; empty: all. */
  readonly queries: readonly string[];
}

/**
 * Compares how fast our gateway and its peers answer the same questions about the same rows:
 * 1. It installs the peers, builds the gateway, and fills a database.
 * 2. It starts every peer, and checks that their answers are equal.
 * 3. It asks one after the other, query by query and round by round, so that changes of the machine's speed hit all
 *    alike.
 * 4. It prints a table, and draws a picture if all were asked.
 */
export async function benchReads(options: ReadsOptions): Promise<void> {
  refuseUnknown(
    "--peers",
    options.peers,
    PEERS.map(({ name }) => name),
  );
  refuseUnknown("--queries", options.queries, QUERIES);
  install();
  const database = await openDatabase();
  const folder = await mkdtemp(join(tmpdir(), "vnic-graph-bench-"));
  const running: RunningPeer[] = [];
  try {
    await fillReadFleet(database.client, options.vms);
    const start = prepareStart(database.url, folder);
    for (const spec of PEERS) {
      if (options.peers.length > 0 && !options.peers.includes(spec.name)) continue;
      running.push(await startPeer(spec, start));
    }
    const { rows } = await database.client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const pastAt = await readPastInstant(database.client);
    if (running.some(({ file }) => file === null)) await waitForAddressIndex(database.client);
    const measured = await measureAll(running, { ...options, pastAt }, readParent(rows[0]!.pid));
    const ratios = computeRatios(measured);
    console.log(formatTable(measured));
    if (options.peers.length + options.queries.length === 0)
      await writeFile(new URL("../results/reads.svg", import.meta.url), plotReads(measured));
    console.log(`\nPostgreSQL ${database.version}, Node ${process.version}, ${options.vms} VMs`);
    console.log(JSON.stringify(ratios));
  } finally {
    await Promise.all(running.map((peer) => peer.stop()));
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function refuseUnknown(option: string, named: readonly string[], known: readonly string[]): void {
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${option}: ${unknown} is none of ${known.join(", ")}`);
}

/** Waits until gateways have indexed the past of the new fleet, which they do once, beside other work. */
async function waitForAddressIndex(client: BenchDatabase["client"]): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ built: boolean }>(
      "SELECT coalesce(bool_and(is_built), true) AS built FROM vnic_graph_address_index",
    );
    if (rows[0]?.built === true) return;
    await sleep(500);
  }
}

async function measureAll(
  peers: readonly RunningPeer[],
  { vms, rounds, seconds, queries, pastAt }: ReadsOptions & { readonly pastAt: string },
  postgresPid: number,
): Promise<Measured[]> {
  const cursors = new Map<RunningPeer, Cursors>();
  for (const peer of peers) cursors.set(peer, await readCursors(peer, vms));
  const measured: Measured[] = [];
  for (const query of QUERIES) {
    if (queries.length > 0 && !queries.includes(query)) continue;
    const asked = peers.filter((peer) => peer.queries.includes(query));
    const listQuestionsOf = (peer: RunningPeer) =>
      listQuestions(query, peer.dialect, {
        ...{ vms, cursors: cursors.get(peer) ?? [], count: QUESTIONS[query], pastAt },
        isPlain: peer.isPlain === true,
      });
    const listAsked = (peer: RunningPeer) =>
      peer.hasOneQuestion === true ? listQuestionsOf(peer).slice(0, 1) : listQuestionsOf(peer);
    await compareAnswers(asked, listQuestionsOf);
    const results = new Map<RunningPeer, Round[]>(asked.map((peer) => [peer, []]));
    // Now all VMs are kept. Complete answers are not, because no question comes twice within a second.
    for (const peer of asked) {
      if (peer.file === null && peer.settings?.["CACHE_MB"] !== "0") await askAll(peer, listAsked(peer));
    }
    // The first round is a warm-up, in which plans are kept and code is compiled.
    for (let round = 0; round <= rounds; round += 1) {
      for (const peer of asked) {
        const result = await measureRound(peer, listAsked(peer), { seconds, postgresPid });
        if (round > 0) results.get(peer)?.push(result);
      }
    }
    for (const [peer, its] of results) measured.push({ peer, query, rounds: its });
  }
  return measured;
}

/** Asks all questions once, some of them at a time. */
async function askAll(peer: RunningPeer, questions: ReturnType<typeof listQuestions>): Promise<void> {
  const left = questions.values();
  const askLeft = async (): Promise<void> => {
    for (const question of left) await ask(peer, question);
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, askLeft));
}

/** Throws if peers give different answers to the first questions. */
async function compareAnswers(
  peers: readonly RunningPeer[],
  questionsOf: (peer: RunningPeer) => ReturnType<typeof listQuestions>,
): Promise<void> {
  const [first, ...others] = peers.filter(({ name }) => name !== "memory");
  if (first === undefined) return;
  for (let at = 0; at < COMPARED; at += 1) {
    const expected = await ask(first, questionsOf(first)[at]!);
    for (const other of others) {
      assertSameAnswer(
        other.name,
        normalizeAnswer(first, expected),
        normalizeAnswer(other, await ask(other, questionsOf(other)[at]!)),
      );
    }
  }
}

/** Reads cursors in the peer's own form, one for each VM. Ours and PostGraphile's are opaque; others use a name. */
export async function readCursors(peer: RunningPeer, vms: number): Promise<Cursors> {
  if (peer.file === null || peer.dialect === "postgraphile") {
    const found: string[] = [];
    const query =
      peer.dialect === "postgraphile"
        ? CURSOR_QUERY.replace("String", "Cursor").replace("vms(", "vms: allVms(orderBy: NAME_ASC, ")
        : CURSOR_QUERY;
    for (let after: string | null = null; found.length < vms;) {
      const data = await ask(peer, { operationName: "cursors", query, variables: { after } });
      const { edges } = data["vms"] as { edges: { cursor: string }[] };
      if (edges.length === 0) break;
      after = edges.at(-1)!.cursor;
      found.push(...edges.map(({ cursor }) => cursor));
    }
    return found;
  }
  return Array.from({ length: vms }, (_, at) => `vm-${String(at + 1).padStart(7, "0")}`);
}

function prepareStart(databaseUrl: string, folder: string): PeerStart {
  const tokensFile = join(folder, "tokens");
  const said = execFileSync(
    process.execPath,
    [
      "dist/src/main.js",
      "token",
      "add",
      "--name",
      "bench",
      "--role",
      "reader,router",
      "--vms",
      "vm-*",
      "--file",
      tokensFile,
    ],
    { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
  return { databaseUrl, tokensFile, token: said.trim().split("\n")[0]!, logFile: join(folder, "log") };
}

function install(): void {
  const run = (args: string[], cwd: string) =>
    execFileSync("npm", args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  if (!existsSync(join(HERE, "node_modules"))) run(["ci"], HERE);
  run(["run", "--silent", "build"], ROOT);
}

const QUERIES: readonly QueryName[] = ["Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7"];
/**
 * The different questions in a round. They are so many that none comes twice within a second, in which complete answers
 * are kept.
 */
const QUESTIONS: Readonly<Record<QueryName, number>> = {
  Q1: 9000,
  Q2: 3000,
  Q3: 300,
  Q4: 9000,
  Q5: 100,
  Q6: 9000,
  Q7: 3000,
};
const COMPARED = 3;
const ASKED_AT_ONCE = 8;
const HERE = fileURLToPath(new URL("./", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
