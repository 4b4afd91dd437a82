import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from "../../../src/embedded-postgres/embedded-postgres.js";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import { createDatabase } from "../../support/databases/database.js";
import { eventually } from "../../support/eventually.js";
import { findPgBouncer, startPgBouncer } from "../../support/databases/pgbouncer.js";
import { hasRedisServer, placeForRedis } from "../../support/databases/redis.js";
import { until } from "../../store/until.js";
import { killUnderFollowers } from "../../torture/followers.js";
import { startFollowers, type Followers } from "../support/followers.js";
import { startTestGateway } from "../support/gateway.js";
import { startGenerations, type Generations } from "../support/generations.js";
import { startDatabaseProxy } from "../support/proxy.js";

const pgBouncer = findPgBouncer();
if (pgBouncer === undefined)
  console.warn("PgBouncer is not installed here: its test of followers is skipped");
if (!hasRedisServer) console.warn("redis-server is not installed here: its test of followers is skipped");

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startFleet(): Promise<Generations> {
  const fleet = await startGenerations({ hosts: 2, vmsPerHost: 10 });
  cleanups.push(() => fleet.stop());
  return fleet;
}

/** Starts a gateway on this database. */
async function startReplica(url: string, fleet: Generations, environment: Record<string, string> = {}) {
  const gateway = await startTestGateway(url, fleet.vdsmHosts, environment);
  cleanups.push(() => gateway.stop());
  await until(() => gateway.isReady());
  return gateway;
}

/** Lets all VMs change, and waits until that is in the log. */
async function change(fleet: Generations, followers: Followers): Promise<void> {
  const before = await followers.countLogged().catch(() => 0);
  for (const host of fleet.hosts) host.next();
  const vms = fleet.hosts.length * 10;
  await eventually(async () => {
    expect(await followers.countLogged()).toBeGreaterThanOrEqual(before + vms);
  });
}

describe("followers that resume are told what the log holds, nothing less and nothing twice", () => {
  test("F31: while replicas are killed with SIGKILL and started again", async () => {
    const database = await createDatabase({ poolSize: 2 });
    cleanups.push(() => database.drop());
    const result = await killUnderFollowers({
      ...{ rounds: 2, clients: 6, seed: 31, databaseUrl: database.url, dataSource: database.dataSource },
    });
    expect(result.violations).toEqual([]);
    expect(result.changes).toBeGreaterThan(100);
    expect(result.connections).toBeGreaterThan(6);
  });

  test("F32: while PostgreSQL crashes, and is stopped and started elsewhere", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vnic-graph-fault-"));
    // The server may run as another user, whose data would lie elsewhere if this folder were closed to it.
    await chmod(folder, 0o755);
    const start = (): Promise<EmbeddedPostgres> =>
      startEmbeddedPostgres({ dataDir: join(folder, "data"), log: () => undefined, settings: {} });
    let server = await start();
    cleanups.push(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });
    const proxy = await startDatabaseProxy(server.url);
    cleanups.push(() => proxy.stop());
    const url = proxy.formatUrl(server.url);
    const fleet = await startFleet();
    const gateway = await startReplica(url, fleet);
    const dataSource = await createDataSource(url, { poolSize: 2 }).initialize();
    cleanups.push(() => dataSource.destroy());
    const followers = await startFollowers(dataSource, 5, () => gateway.url);
    cleanups.push(() => followers.stop());
    await change(fleet, followers);

    const pidFile = join(folder, "data", "postgresql", "postmaster.pid");
    // As `pg_ctl stop -m immediate`: what was not on disk is gone, numbers of transactions too.
    process.kill(Number((await readFile(pidFile, "utf8")).split("\n")[0]), "SIGQUIT");
    await change(fleet, followers);
    expect(await followers.settle()).toEqual([]);

    await server.stop();
    server = await start();
    proxy.target = { host: "127.0.0.1", port: Number(new URL(server.url).port) };
    await change(fleet, followers);
    expect(await followers.settle()).toEqual([]);
  });

  test.skipIf(!hasRedisServer)(
    "F33: while Redis is lost and comes back knowing nothing (skipped where there is no redis-server)",
    async () => {
      const redis = await placeForRedis();
      await redis.start();
      cleanups.push(() => redis.kill());
      const database = await createDatabase();
      cleanups.push(() => database.drop());
      const fleet = await startFleet();
      const replicas = await Promise.all(
        [1, 2].map(() => startReplica(database.url, fleet, { REDIS_URL: redis.url })),
      );
      const followers = await startFollowers(
        database.dataSource,
        4,
        (client) => replicas[client % 2]?.url ?? "",
      );
      cleanups.push(() => followers.stop());
      await change(fleet, followers);
      await redis.kill();
      await change(fleet, followers);
      expect(await followers.settle()).toEqual([]);
      await redis.start();
      await change(fleet, followers);
      expect(await followers.settle()).toEqual([]);
      // Nobody had to connect again for that.
      expect(followers.clients.map(({ connections }) => connections)).toEqual([1, 1, 1, 1]);
    },
    120_000,
  );

  test.skipIf(pgBouncer === undefined)(
    "F34: through PgBouncer in transaction mode, also when it starts anew (skipped where it is not installed)",
    async () => {
      const database = await createDatabase();
      cleanups.push(() => database.drop());
      const settings = { pool_mode: "transaction", default_pool_size: 4 };
      let pooler = await startPgBouncer(pgBouncer ?? "", database.url, settings);
      cleanups.push(() => pooler.stop());
      const proxy = await startDatabaseProxy(pooler.formatUrl(database.url));
      cleanups.push(() => proxy.stop());
      const fleet = await startFleet();
      const gateway = await startReplica(proxy.formatUrl(database.url), fleet);
      const followers = await startFollowers(database.dataSource, 5, () => gateway.url);
      cleanups.push(() => followers.stop());
      await change(fleet, followers);
      expect(await followers.settle()).toEqual([]);
      await pooler.stop();
      pooler = await startPgBouncer(pgBouncer ?? "", database.url, settings);
      proxy.target = { host: "127.0.0.1", port: Number(new URL(pooler.formatUrl(database.url)).port) };
      await change(fleet, followers);
      expect(await followers.settle()).toEqual([]);
    },
    120_000,
  );
});
