import { formatTable } from "../../src/commands/table.js";
import { computeMedian } from "../support/median.js";
import { readCpuSeconds, readServerCpuSeconds } from "../support/process-cpu.js";
import { openLargeEngine } from "./engine-database.js";
import { startEngineGateway, type EngineGateway } from "./engine-gateway.js";
import { DEAR, CHEAP, ENGINE_QUESTIONS } from "./engine-questions.js";

/**
 * Measures questions to a gateway with an engine's database of 100,000 VMs on 502 hosts: the time at the client, and
 * the CPU of gateway and database. Several builds take turns.
 */
export async function benchEngine({
  rounds,
  against,
}: {
  readonly rounds: number;
  readonly against: string | null;
}): Promise<void> {
  const database = await openLargeEngine(502);
  const gateways: EngineGateway[] = [];
  try {
    if (against !== null) gateways.push(await startEngineGateway("before", against, database.readerUrl));
    gateways.push(await startEngineGateway("now", ".", database.readerUrl));
    console.log(`100,000 VMs on 502 hosts, PostgreSQL ${database.version}; ms, medians of ${rounds}`);
    const table: (string | number)[][] = [];
    for (const [name, query] of Object.entries(ENGINE_QUESTIONS)) {
      const costs = gateways.map((): Cost[] => []);
      for (let round = -WARM_UPS; round < rounds; round += 1) {
        for (const [at, gateway] of gateways.entries()) {
          const cost = await measure(gateway, query, database.serverPid);
          if (round >= 0) costs[at]?.push(cost);
        }
      }
      for (const [at, gateway] of gateways.entries()) {
        table.push([name, gateway.name, ...formatCosts(costs[at] ?? [])]);
      }
    }
    for (const gateway of gateways) {
      const clock = await measureBeside(gateway);
      table.push([`a VM by id beside ${DEARS} searches by address`, gateway.name, ...clock, "", ""]);
    }
    console.log(
      formatTable(["question", "build", "clock", "longest", "gateway CPU", "PostgreSQL CPU"], table),
    );
  } finally {
    for (const gateway of gateways) await gateway.stop();
    await database.close();
  }
}

/** Questions before the measurement. The first answers are slower, because a gateway compiles code that runs often. */
const WARM_UPS = 4;

interface Cost {
  readonly clockMs: number;
  readonly gatewayMs: number;
  readonly serverMs: number;
}

/** Repetitions of a question, because the kernel counts CPU in hundredths of a second. */
const REPEATS = 5;

async function measure(gateway: EngineGateway, query: string, serverPid: number): Promise<Cost> {
  const gatewayBefore = readCpuSeconds(gateway.pid);
  const serverBefore = readServerCpuSeconds(serverPid);
  const start = performance.now();
  for (let repeat = 0; repeat < REPEATS; repeat += 1) await gateway.ask(query);
  const perQuestion = 1_000 / REPEATS;
  return {
    clockMs: (performance.now() - start) / REPEATS,
    gatewayMs: (readCpuSeconds(gateway.pid) - gatewayBefore) * perQuestion,
    serverMs: (readServerCpuSeconds(serverPid) - serverBefore) * perQuestion,
  };
}

function formatCosts(costs: readonly Cost[]): string[] {
  const clocks = costs.map(({ clockMs }) => clockMs);
  return [
    computeMedian(clocks).toFixed(1),
    Math.max(...clocks).toFixed(1),
    computeMedian(costs.map(({ gatewayMs }) => gatewayMs)).toFixed(1),
    computeMedian(costs.map(({ serverMs }) => serverMs)).toFixed(1),
  ];
}

const DEARS = 20;

/** Asks for a VM by id again and again while twenty clients search without a pause. */
async function measureBeside(gateway: EngineGateway): Promise<string[]> {
  let isOver = false;
  const searches = Array.from({ length: DEARS }, async () => {
    while (!isOver) await gateway.ask(DEAR);
  });
  const times: number[] = [];
  for (let at = 0; at < 40; at += 1) {
    const start = performance.now();
    await gateway.ask(CHEAP);
    times.push(performance.now() - start);
  }
  isOver = true;
  await Promise.all(searches);
  return [computeMedian(times).toFixed(1), Math.max(...times).toFixed(1)];
}
