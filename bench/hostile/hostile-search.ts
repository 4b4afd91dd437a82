import { readFileSync } from "node:fs";
import { createFieldEstimator } from "../../src/graph/arguments/estimate-field.js";
import { buildGraphSchema } from "../../src/graph/schema.js";
import { formatTable } from "../../src/commands/table.js";
import { DEFAULT_LIMITS } from "../../src/model/limits.js";
import { createOperationCheck } from "../../src/server/graphql/cost/check-operation.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { readListCounts } from "../../src/store/read/list-counts.js";
import { startGatewayProcess, temporaryFolder } from "../../test/support/gateway.js";
import { openDatabase } from "../database.js";
import { fillFleet, type FleetSize } from "./hostile-fleet.js";
import { type Draw, type FoundOperation, searchOperations } from "./hostile-queries.js";

const KEYS = 1_000;
const SEED = 20_261_126;

/** Searches for the dearest queries that pass the limits, and sends them to a gateway by 1, 10 and 32 clients. */
export async function benchHostileSearch(fleet: FleetSize): Promise<void> {
  const database = await openDatabase();
  const folder = temporaryFolder();
  try {
    await fillFleet(database.client, fleet);
    const dataSource = await createDataSource(database.url, { poolSize: 1 }).initialize();
    const counts = await readListCounts(dataSource);
    await dataSource.destroy();
    const schema = buildGraphSchema({ federation: "whole" });
    const check = createOperationCheck(
      schema,
      DEFAULT_LIMITS,
      createFieldEstimator(() => counts),
    );
    const keys = Array.from({ length: KEYS }, (_, at) => ({
      __typename: "Vm",
      id: `b0000000-0000-4000-8000-${(at + 1).toString(16).padStart(12, "0")}`,
    }));
    const operations = searchOperations(
      schema,
      check,
      { keys },
      { tries: 4_000, keep: 12, draw: createDraw(SEED) },
    );
    console.log(
      `${operations.length} operations found, cost ${operations.map(({ cost }) => Math.round(cost)).join(", ")}`,
    );
    const gateway = await startGatewayProcess({
      DATABASE_URL: database.url,
      LOG_LEVEL: "warn",
      DATA_DIR: folder.path,
    });
    try {
      // The first request has the gateway count its lists.
      await gateway.ask(null, "{ hosts { id } }");
      await sleep(2_000);
      const rows: string[][] = [];
      for (const clients of [1, 10, 32]) {
        rows.push(await measure(gateway, operations, keys, clients));
      }
      console.log(
        formatTable(["clients", "answers", "refused", "slowest", "others wait at most", "peak RSS"], rows),
      );
    } finally {
      await gateway.stop();
    }
  } finally {
    folder.remove();
    await database.close();
  }
}

async function measure(
  gateway: Awaited<ReturnType<typeof startGatewayProcess>>,
  operations: readonly FoundOperation[],
  keys: unknown,
  clients: number,
): Promise<string[]> {
  let [answered, refused, slowestMs, stallMs, isOver] = [0, 0, 0, 0, false];
  const probing = (async () => {
    while (!isOver) {
      const startedAt = performance.now();
      await fetch(`${gateway.url}/healthz`).then((response) => response.arrayBuffer());
      const honest = await gateway.ask(null, "{ vms(first: 1) { nodes { id } } }");
      if (honest.status !== 200) stallMs = Infinity;
      stallMs = Math.max(stallMs, performance.now() - startedAt);
      await sleep(50);
    }
  })();
  const work = Array.from({ length: clients }, async (_, client) => {
    for (let round = 0; round < 3; round++) {
      const operation = operations[(client + round * 5) % operations.length]!;
      const startedAt = performance.now();
      const { status } = await gateway.ask(null, operation.query, { keys });
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      if (status === 200) answered++;
      else refused++;
    }
  });
  await Promise.all(work);
  isOver = true;
  await probing;
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.run.child.pid!}/status`, "utf8"))?.[1];
  return [
    String(clients),
    String(answered),
    String(refused),
    `${Math.round(slowestMs)} ms`,
    `${Math.round(stallMs)} ms`,
    `${Math.round(Number(peak) / 1_024)} MB`,
  ];
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
