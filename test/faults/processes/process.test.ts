import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { runVnicGraph } from "../../support/processes/process.js";
import { until } from "../../store/until.js";
import { isReady, startGatewayProcess, type GatewayProcess } from "../support/gateway-process.js";
import { startGenerations, type GenerationHost, type Generations } from "../support/generations.js";
import { Invariants } from "../support/invariants.js";

let fleet: Generations;
let host: GenerationHost;
let database: TestDatabase;
let invariants: Invariants;
let late: GatewayProcess;
let other: GatewayProcess;
let folder: string;

const PATIENCE = { interval: 25 };
const WAKE = () => join(folder, "wake");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vnic-graph-fault-"));
  fleet = await startGenerations({ hosts: 1, vmsPerHost: 10 });
  host = fleet.hosts[0]!;
  database = await createDatabase();
  invariants = new Invariants(database.dataSource, fleet, 60_000);
  const options = { databaseUrl: database.url, vdsmHosts: fleet.vdsmHosts };
  const block = fileURLToPath(new URL("block-on-signal.mjs", import.meta.url));
  [late, other] = await Promise.all([
    startGatewayProcess({
      ...options,
      environment: { VDSM_TIMEOUT: "60s", NODE_OPTIONS: `--import ${block}`, BLOCK_UNTIL_FILE: WAKE() },
    }),
    startGatewayProcess({ ...options, environment: { VDSM_TIMEOUT: "60s" } }),
  ]);
});

afterAll(async () => {
  for (const gateway of [late, other]) await gateway.kill();
  await fleet.stop();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function expectStored(generation: number): Promise<void> {
  await expect.poll(() => invariants.stored(host), PATIENCE).toBe(generation);
  expect(await invariants.violations()).toEqual([]);
}

/** The one gateway asks the host, is stopped before it has the answer, and goes on when the other has long written. */
async function overtake(stop: () => void, goOn: () => Promise<void>): Promise<void> {
  other.signal("SIGSTOP");
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  // What the other asked before it was stopped has come by now; the next question is the late one's.
  await host.server.waitForCall("Host.getAllVmStats");
  host.server.faults.failNext({ kind: "hold", until: held }, "Host.getAllVmStats");
  await host.server.waitForCall("Host.getAllVmStats");
  stop();
  const told = superseded(late);
  other.signal("SIGCONT");
  host.next();
  await expectStored(host.generation);
  release();
  await goOn();
  await until(() => superseded(late) > told);
  expect(await invariants.violations()).toEqual([]);
  // Both go on: each alone brings the next generation in.
  for (const stopped of [other, late]) {
    stopped.signal("SIGSTOP");
    host.next();
    await expectStored(host.generation);
    stopped.signal("SIGCONT");
  }
}

function superseded(gateway: GatewayProcess): number {
  return gateway.output().split("pass superseded").length - 1;
}

describe("of two gateways without a queue between them", () => {
  test("F17: one that was stopped in the middle of a pass writes nothing when it goes on", () =>
    overtake(
      () => {
        late.signal("SIGSTOP");
      },
      () => {
        late.signal("SIGCONT");
        return Promise.resolve();
      },
    ));

  test("F27: one whose event loop was blocked in the middle of a pass writes nothing when it turns again", () =>
    overtake(
      () => {
        late.signal("SIGUSR2");
      },
      () => writeFile(WAKE(), ""),
    ));

  test("none has met what it did not foresee", () => {
    for (const gateway of [late, other])
      expect(gateway.output()).not.toMatch(/unhandled|uncaught|"level":"fatal"/i);
  });
});

describe("F19: SIGTERM", () => {
  /** Requests that wait in the database while the returned function has not been called. */
  async function requestsUnderWay(gateway: GatewayProcess, count: number) {
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query("BEGIN; LOCK TABLE vm_static IN ACCESS EXCLUSIVE MODE");
    const answers = Array.from({ length: count }, async () => {
      const answer = await fetch(`${gateway.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: "{ vms { totalCount } }" }),
      });
      const body: unknown = await answer.json();
      return [answer.status, body] as const;
    });
    const settled = Promise.allSettled(answers);
    await until(async () => {
      const { rows } = await holder.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_locks WHERE relation = 'vm_static'::regclass AND NOT granted`,
      );
      return rows[0]!.waiting >= count;
    });
    return {
      settled,
      letGo: async () => {
        await holder.query("ROLLBACK");
        await holder.end();
      },
    };
  }

  test("lets every request under way have its answer, takes no new one, and ends with 0", async () => {
    const { settled, letGo } = await requestsUnderWay(other, 5);
    other.signal("SIGTERM");
    await until(async () => !(await isReady(other.url)));
    await letGo();
    for (const answer of await settled) {
      expect(answer).toMatchObject({
        status: "fulfilled",
        value: [200, { data: { vms: { totalCount: 10 } } }],
      });
    }
    expect(await other.ended).toBe(0);
    await expect(fetch(`${other.url}/healthz`)).rejects.toThrow();
    await expectStored(host.generation);
  });

  test("twice ends at once", async () => {
    const { settled, letGo } = await requestsUnderWay(late, 2);
    let code: number | string | null = null;
    void late.ended.then((ended) => (code = ended));
    await until(async () => {
      late.signal("SIGTERM");
      await sleep(50);
      return code !== null;
    });
    expect(code).toBe(143);
    await letGo();
    await settled;
    expect(await invariants.violations()).toEqual([]);
  });
});

test("F24: a gateway older than its database refuses to start, with the reason, and changes nothing", async () => {
  await database.dataSource.query(
    `INSERT INTO vnic_graph_migrations (timestamp, name) VALUES (99999999999999, 'FromTheFuture99999999999999')`,
  );
  const run = runVnicGraph(["start"], { PORT: "0", DATABASE_URL: database.url, VDSM_TLS: "off" });
  expect(await run.ended).toBe(1);
  expect(run.output()).toMatch(/made by a newer vnic-graph \(FromTheFuture99999999999999\)/);
  expect(await invariants.violations()).toEqual([]);
});
