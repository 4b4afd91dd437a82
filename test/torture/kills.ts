import { setTimeout as sleep } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { startGatewayProcess } from "../faults/support/gateway-process.js";
import { startGenerations } from "../faults/support/generations.js";
import { Invariants } from "../faults/support/invariants.js";
import { Random } from "../../src/simulator/world/random.js";

/** How a gateway is to be killed. */
export interface KillOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly databaseUrl: string;
  /** Of one connection, so that all others of the database are the gateway's. */
  readonly dataSource: DataSource;
  /** Node's arguments before `start`; left out: from the sources. */
  readonly program?: readonly string[];
  /** Told what came of each round. */
  readonly report?: (line: string) => void;
}

/** What came of it. */
export interface KillResult {
  readonly rounds: number;
  /** Rounds in which a transaction of the gateway was open a moment before it was killed. */
  readonly inTransaction: number;
  /** Rounds before whose end at least one host's data had changed. */
  readonly progressed: number;
  readonly violations: readonly string[];
  readonly readyAfterMs: readonly number[];
}

/**
 * Starts a gateway on hosts whose every answer differs from the one before, and kills it with SIGKILL while it writes.
 * Looks at what is stored, and starts it again on that.
 */
export async function killRounds(options: KillOptions): Promise<KillResult> {
  const { dataSource, databaseUrl, seed, program, report = () => undefined } = options;
  const random = new Random(seed);
  const fleet = await startGenerations({
    hosts: 3,
    vmsPerHost: 60,
    interfacesPerVm: 3,
    changesAtEveryPoll: true,
  });
  const invariants = new Invariants(dataSource, fleet);
  const result = {
    rounds: 0,
    inTransaction: 0,
    progressed: 0,
    violations: [] as string[],
    readyAfterMs: [] as number[],
  };
  try {
    let stored = 0;
    while (result.rounds < options.rounds) {
      const gateway = await startGatewayProcess({
        databaseUrl,
        vdsmHosts: fleet.vdsmHosts,
        environment: { LOG_LEVEL: "warn" },
        ...(program === undefined ? {} : { program }),
      });
      result.rounds += 1;
      result.readyAfterMs.push(gateway.readyAfterMs);
      try {
        await random
          .pick(fleet.hosts as [(typeof fleet.hosts)[number], ...typeof fleet.hosts])
          .server.waitForCall("Host.getAllVmStats");
        // Every other time at any moment of a pass; else as soon as a transaction is seen.
        if (random.drawChance(0.5)) await sleep(random.drawInt(0, 60));
        else await openTransaction(dataSource);
        if ((await transactions(dataSource)) > 0) result.inTransaction += 1;
      } finally {
        await gateway.kill();
      }
      if (/unhandled|uncaught/i.test(gateway.output())) result.violations.push(gateway.output());
      await everyBackendGone(dataSource);
      const violations = await invariants.violations();
      result.violations.push(...violations.map((each) => `round ${result.rounds}: ${each}`));
      const now = await Promise.all(fleet.hosts.map((host) => invariants.stored(host)));
      const sum = now.reduce((left, right) => left + right, 0);
      if (sum > stored) result.progressed += 1;
      stored = sum;
      report(
        `round ${result.rounds}: generations ${now.join(" ")}, ready after ${Math.round(gateway.readyAfterMs)} ms, ${violations.length} violations`,
      );
    }
  } finally {
    await fleet.stop();
  }
  return result;
}

/** A commit that was under way when its client died may still be done. Only then is there an end to look at. */
async function everyBackendGone(dataSource: DataSource): Promise<void> {
  for (const deadline = performance.now() + 30_000; (await count(dataSource, "true")) > 0;) {
    if (performance.now() > deadline) throw new Error("a killed gateway's connections do not end");
    await sleep(5);
  }
}

async function openTransaction(dataSource: DataSource): Promise<void> {
  for (const deadline = performance.now() + 5_000; performance.now() < deadline;) {
    if ((await transactions(dataSource)) > 0) return;
  }
}

function transactions(dataSource: DataSource): Promise<number> {
  return count(dataSource, "backend_xid IS NOT NULL");
}

async function count(dataSource: DataSource, condition: string): Promise<number> {
  const rows: { count: number }[] = await dataSource.query(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND ${condition}`,
  );
  return rows[0]?.count ?? 0;
}
