import { closeSync, openSync, writeSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DataSource } from "typeorm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from "../../../src/embedded-postgres/embedded-postgres.js";
import { mountSmallDisk, unmountSmallDisk } from "../../support/databases/small-disk.js";
import { until } from "../../store/until.js";
import { startTestGateway, type Answer, type TestGateway } from "../support/gateway.js";
import { startGenerations, type Generations } from "../support/generations.js";
import { Invariants } from "../support/invariants.js";

/** A disk of its own, small enough to be filled; `false` where none can be mounted. */
let isSmallDisk = false;
let folder: string;
let server: EmbeddedPostgres;
let fleet: Generations;
let gateway: TestGateway;
let dataSource: DataSource;
let invariants: Invariants;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vnic-graph-fault-"));
  isSmallDisk = mountSmallDisk(folder, 120);
  server = await startEmbeddedPostgres({
    dataDir: join(folder, "data"),
    log: () => undefined,
    settings: { autovacuum: "off" },
  });
  fleet = await startGenerations({ hosts: 2, vmsPerHost: 60, interfacesPerVm: 3, changesAtEveryPoll: true });
  gateway = await startTestGateway(server.url, fleet.vdsmHosts);
  dataSource = await createDataSource(server.url, { poolSize: 2 }).initialize();
  invariants = new Invariants(dataSource, fleet);
  await until(() => gateway.isReady());
});

afterAll(async () => {
  await gateway.stop();
  await fleet.stop();
  await dataSource.destroy();
  await server.stop();
  if (isSmallDisk) unmountSmallDisk(folder);
  await rm(folder, { recursive: true, force: true });
});

const VMS = "{ vms(first: 100) { nodes { id guestInfo { ips stale } } } }";
const PATIENCE = { interval: 50 };

function isGood({ status, codes }: Answer): boolean {
  return status === 200 && codes.length === 0;
}

async function expectRecovery(): Promise<void> {
  await expect.poll(async () => isGood(await gateway.ask(VMS)), PATIENCE).toBe(true);
  await expect.poll(() => invariants.violations().catch(String), PATIENCE).toEqual([]);
  const before = await Promise.all(fleet.hosts.map((host) => invariants.stored(host)));
  for (const [at, host] of fleet.hosts.entries()) {
    await expect.poll(() => invariants.stored(host).catch(() => 0), PATIENCE).toBeGreaterThan(before[at]!);
  }
  await expect.poll(() => gateway.isReady(), PATIENCE).toBe(true);
  expect(await invariants.violations()).toEqual([]);
}

test("F12: the database's server crashes under load, three times: nothing is lost, and all goes on", async () => {
  for (let crash = 0; crash < 3; crash += 1) {
    const pidFile = join(folder, "data", "postgresql", "postmaster.pid");
    const pid = Number((await readFile(pidFile, "utf8")).split("\n")[0]);
    const answers = Array.from({ length: 8 }, () => gateway.ask(VMS));
    // As `pg_ctl stop -m immediate`: no checkpoint, no goodbye.
    process.kill(pid, "SIGQUIT");
    for (const answer of await Promise.all(answers)) {
      if (!isGood(answer)) expect(answer.codes.length).toBeGreaterThan(0);
    }
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    await expectRecovery();
  }
});

test("F23: the database's disk is full: writes fail and say so, what is stored is whole, all goes on with room", async (context) => {
  if (!isSmallDisk) context.skip("needs a small file system, and so the right to mount one");
  const filler = join(folder, "filler");
  const file = openSync(filler, "w");
  const fill = () => {
    const chunk = Buffer.alloc(65_536);
    try {
      for (;;) writeSync(file, chunk);
    } catch (error) {
      expect(error).toMatchObject({ code: "ENOSPC" });
    }
  };
  const from = gateway.log.length;
  const isTold = () =>
    gateway.log.slice(from).some((line) => line.includes("passes cannot use the database"));
  fill();
  await until(() => {
    // What the server gives back of its log is taken too.
    fill();
    return isTold();
  });
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  const answer = await gateway.ask(VMS);
  if (!isGood(answer)) expect(answer.codes.length).toBeGreaterThan(0);
  closeSync(file);
  await rm(filler);
  await expectRecovery();
});
