import { loadavg } from "node:os";
import { formatTable } from "../../src/commands/table.js";
import { createFieldEstimator } from "../../src/graph/estimates/estimate-field.js";
import { buildGraphSchema } from "../../src/graph/schema.js";
import { DEFAULT_LIMITS } from "../../src/model/limits.js";
import { createOperationCheck } from "../../src/server/graphql/cost/check-operation.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { readListCounts } from "../../src/store/read/list-counts.js";
import { openDatabase } from "../support/database.js";
import { type Aim, AIMS, climb, type FoundOperation } from "./hostile-climb.js";
import { fillFleet, type FleetSize } from "./hostile-fleet.js";
import type { Draw } from "./hostile-queries.js";
import { startTarget, type Target } from "./hostile-target.js";

/** The options of the search. */
export interface SearchOptions extends FleetSize {
  readonly seed: number;
  readonly steps: number;
}

/** The searches: for the worst operation that passes the limits, and for the worst that is just not heavy. */
const KINDS = [
  // This kind comes first, because the worst operations may end a server.
  { kind: "middle", mostCost: DEFAULT_LIMITS.cost / 41, keyCounts: [50, 200] },
  { kind: "worst", mostCost: Infinity, keyCounts: [1_000, 5_000] },
] as const;

/** An operation of one kind. */
type Found = FoundOperation & Pick<(typeof KINDS)[number], "kind">;
const TRIES = 2_000;

/**
 * Searches for the most harmful queries that pass the limits, by hill climbing on a running gateway. Then 1, 10 and 32
 * clients send them to a gateway and to Apollo Server with its defaults, on one database.
 */
export async function benchHostileSearch({ seed, steps, ...fleet }: SearchOptions): Promise<void> {
  const database = await openDatabase();
  try {
    await fillFleet(database.client, fleet);
    console.log(`seed ${seed}; load of the machine ${formatLoad()}`);
    const found = await search(database.url, createDraw(seed), steps);
    const rows: string[][] = [];
    for (const which of ["ours", "apollo"] as const) {
      const target = await startTarget(which, database.url);
      try {
        for (const { kind } of KINDS) {
          const operations = found.filter((each) => each.kind === kind);
          for (const clients of [1, 10, 32]) {
            const row = [which, kind, ...(await attack(target, operations, clients))];
            rows.push(row);
            // Each result is printed at once, in case the rest takes too long.
            console.log(row.join("  "));
          }
        }
      } finally {
        await target.stop();
      }
    }
    console.log(`${formatTable(COLUMNS, rows)}\nload of the machine ${formatLoad()}`);
  } finally {
    await database.close();
  }
}

const COLUMNS = [
  "server",
  "kind",
  "clients",
  "answers",
  "refused",
  "no answer",
  "slowest",
  "others wait",
  "longest stretch, CPU",
  "CPU",
  "peak RSS",
];

async function search(databaseUrl: string, draw: Draw, steps: number): Promise<Found[]> {
  const dataSource = await createDataSource(databaseUrl, { poolSize: 1 }).initialize();
  const counts = await readListCounts(dataSource);
  await dataSource.destroy();
  const schema = buildGraphSchema({ federation: "whole" });
  const check = createOperationCheck(
    schema,
    DEFAULT_LIMITS,
    createFieldEstimator(() => counts),
  );
  const target = await startTarget("ours", databaseUrl);
  const found: Found[] = [];
  const rows: string[][] = [];
  try {
    for (const { kind, mostCost, count } of KINDS.flatMap(({ keyCounts, ...each }) =>
      keyCounts.map((count) => ({ ...each, count })),
    )) {
      const keys = Array.from({ length: count }, (_, at) => ({
        __typename: "Vm",
        id: `b0000000-0000-4000-8000-${(at + 1).toString(16).padStart(12, "0")}`,
      }));
      for (const aim of Object.keys(AIMS) as Aim[]) {
        const how = { schema, check, keys, draw, aim, mostCost, tries: TRIES, steps };
        const worst = await climb(target, how);
        found.push({ ...worst, kind });
        const { cost, usage, bytes } = worst;
        const size = [
          `${Math.round(usage.stretchMs)} ms`,
          `${Math.round(usage.cpuMs)} ms`,
          formatMegabytes(bytes),
        ];
        rows.push([kind, String(count), aim, String(Math.round(cost)), ...size]);
      }
    }
  } finally {
    await target.stop();
  }
  console.log(formatTable(["kind", "keys", "aim", "cost", "longest stretch, CPU", "CPU", "answer"], rows));
  return found;
}

/** Sends the operations, three from each client. Meanwhile it asks for health and sends a light query. */
async function attack(
  target: Target,
  operations: readonly FoundOperation[],
  clients: number,
): Promise<string[]> {
  let [answered, refused, lost, slowestMs, waitMs, isOver] = [0, 0, 0, 0, 0, false];
  const endMeasure = target.measure();
  const probing = (async () => {
    while (!isOver && target.isAlive()) {
      const startedAt = performance.now();
      const { status } = await target.ask("{ vms(first: 1) { nodes { id } } }");
      waitMs = status === 200 ? Math.max(waitMs, performance.now() - startedAt) : Infinity;
      await sleep(50);
    }
  })();
  const work = Array.from({ length: clients }, async (_, client) => {
    for (let round = 0; round < 3; round++) {
      const { query, keys } = operations[(client + round) % operations.length]!;
      const startedAt = performance.now();
      const { status } = await target.ask(query, { keys });
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      if (status === 200) answered++;
      else if (status === 0) lost++;
      else refused++;
    }
  });
  await Promise.all(work);
  isOver = true;
  await probing;
  const { stretchMs, cpuMs, peakBytes } = await endMeasure();
  return [
    ...[clients, answered, refused, lost].map(String),
    ...[slowestMs, waitMs, stretchMs, cpuMs].map((ms) => `${Math.round(ms)} ms`),
    formatMegabytes(peakBytes),
  ];
}

function formatMegabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MB`;
}

function formatLoad(): string {
  return loadavg()[0]!.toFixed(1);
}

function createDraw(seed: number): Draw {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
