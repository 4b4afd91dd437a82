import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { formatTable } from "../../src/commands/table.js";
import { measureRound } from "../reads/measure.js";
import { startPeer } from "../reads/peers.js";
import { listQuestions, type Question } from "../reads/queries.js";
import { readCursors } from "../reads/reads.js";
import { computeMedianOf } from "../reads/report.js";
import type { PeerSpec, QueryName, Round, RunningPeer } from "../reads/types.js";
import { openLargeEngine } from "./engine-database.js";

/**
 * Compares reads of an engine's database through a built gateway with a bare server that has one hand-written statement for each
 * question. Both take turns.
 */
export async function benchEngineReads({
  rounds,
  seconds,
}: {
  readonly rounds: number;
  readonly seconds: number;
}): Promise<void> {
  const database = await openLargeEngine(502);
  const folder = await mkdtemp(join(tmpdir(), "vnic-graph-bench-"));
  const client = new pg.Client({ connectionString: database.readerUrl });
  const peers: RunningPeer[] = [];
  try {
    await client.connect();
    const fleet = await readFleet(client);
    const start = {
      databaseUrl: database.readerUrl,
      tokensFile: "",
      token: "",
      logFile: join(folder, "log"),
    };
    for (const spec of PEERS) peers.push(await startPeer(spec, start));
    const cursors = await readCursors(peers[0]!, VMS);
    console.log(`100,000 VMs on 502 hosts, PostgreSQL ${database.version}; medians of ${rounds}`);
    const table: string[][] = [];
    for (const query of QUERIES) {
      const results = peers.map((): Round[] => []);
      // The first round is a warm-up.
      for (let round = 0; round <= rounds; round += 1) {
        for (const [at, peer] of peers.entries()) {
          const questions = listEngineQuestions(query, peer, fleet, cursors);
          const result = await measureRound(peer, questions, { seconds, postgresPid: database.serverPid });
          if (round > 0) results[at]?.push(result);
        }
      }
      const limit = computeMedianOf(results[1] ?? [], "requestsPerSecond");
      for (const [at, peer] of peers.entries()) {
        const its = results[at] ?? [];
        const rate = computeMedianOf(its, "requestsPerSecond");
        const cpu = FIGURES.map((figure) => computeMedianOf(its, figure).toFixed(2));
        table.push([query, peer.name, rate.toFixed(1), (rate / limit).toFixed(2), ...cpu]);
      }
    }
    console.log(formatTable(["query", "peer", "requests/s", "× limit", "node ms", "PostgreSQL ms"], table));
  } finally {
    for (const peer of peers) await peer.stop();
    await client.end();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const QUERIES: readonly QueryName[] = ["Q1", "Q2", "Q3", "Q4"];
const FIGURES = ["nodeCpuMs", "postgresCpuMs"] as const;

/** An engine has an index of names in the database's own order, so the hand-written page is in that order, too. */
const PEERS: readonly PeerSpec[] = [
  { name: "vnic-graph", file: null, dialect: "own", queries: QUERIES, settings: { SOURCE: "engine" } },
  {
    name: "limit",
    file: "limit.mjs",
    dialect: "bytes",
    queries: QUERIES,
    settings: { NAME_ORDER: "engine" },
  },
];

/** VMs in the order of their names, and a MAC of each. */
interface Fleet {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly macs: readonly string[];
}

async function readFleet(client: pg.Client): Promise<Fleet> {
  const { rows } = await client.query<{ id: string; name: string; mac: string }>(
    `SELECT s.vm_guid AS id, s.vm_name AS name, min(i.mac_addr) AS mac
     FROM vm_static s JOIN vm_interface i ON i.vm_guid = s.vm_guid WHERE s.entity_type = 'VM'
     GROUP BY s.vm_guid ORDER BY s.vm_name LIMIT ${VMS}`,
  );
  return {
    ids: rows.map(({ id }) => id),
    names: rows.map(({ name }) => name),
    macs: rows.map(({ mac }) => mac),
  };
}

/** Lists the questions of the other reads bench, about VMs of this database. */
function listEngineQuestions(
  query: QueryName,
  { dialect }: RunningPeer,
  { ids, names, macs }: Fleet,
  cursors: readonly string[],
): Question[] {
  const asked = {
    vms: VMS,
    cursors: dialect === "own" ? cursors : names,
    count: query === "Q3" ? 300 : 3_000,
  };
  return listQuestions(query, dialect, asked).map((question, at) => {
    if (query === "Q1") return { ...question, variables: { id: ids[at % VMS] } };
    return query === "Q4" ? { ...question, variables: { macAddress: macs[at % VMS] } } : question;
  });
}

const VMS = 9_000;
