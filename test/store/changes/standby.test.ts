import { chmodSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from "../../../src/embedded-postgres/embedded-postgres.js";
import {
  createChangeLog,
  type ChangeLog,
  type LoggedChange,
  type LogTail,
} from "../../../src/store/changes/change-log.js";
import { parseCursor } from "../../../src/store/changes/cursor.js";
import type { GuestInterest } from "../../../src/store/changes/live/guest-event.js";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import { migrate } from "../../../src/store/postgres/migrate.js";
import { createStore, type Store } from "../../../src/store/store.js";
import { readCount, toAddress, writeSlowly } from "../../feed/slow-writers.js";
import { HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";
import { id } from "../../support/builders/ids.js";
import { runSql } from "../../support/databases/postgres-server.js";
import { copyForStandby, startStandby } from "../../support/databases/standby.js";
import { eventually } from "../../support/eventually.js";
import { temporaryFolder } from "../../support/processes/gateway.js";
import { startTestGateway } from "../../faults/support/gateway.js";
import { startResumingClient } from "../../faults/support/resuming-client.js";
import { addVms, changeIps, storedVm } from "./log-fixtures.js";
import { createRandom } from "./log-writers.js";

const SETTINGS = { fsync: "off" };
const VMS = 5;
const IDS = Array.from({ length: VMS }, (_, index) => id(index + 1));
const folder = temporaryFolder();
let primary: EmbeddedPostgres;
let standby: EmbeddedPostgres;
let writable: DataSource;
let readable: DataSource;
let written: Store;
let writtenLog: ChangeLog;
let store: Store;
let log: ChangeLog;

/** A primary, and a standby that follows it over the network, as they are run for reads. */
beforeAll(async () => {
  // The server's user must get through it.
  chmodSync(folder.path, 0o755);
  const [first, second] = [join(folder.path, "first"), join(folder.path, "second")];
  const begin = () => startEmbeddedPostgres({ dataDir: first, log: () => undefined, settings: SETTINGS });
  primary = await begin();
  writable = await createDataSource(primary.url, { poolSize: 1 }).initialize();
  await migrate(writable);
  await writable.destroy();
  await primary.stop();
  copyForStandby(first, second);
  primary = await begin();
  writable = await createDataSource(primary.url, { poolSize: 12 }).initialize();
  written = createStore(writable);
  writtenLog = createChangeLog(writable);
  await written.registerHosts(HOSTS, INTERVAL_MS);
  await addVms(
    written,
    IDS.map((_, index) => storedVm(index + 1, { ips: toAddress(0), interfaces: [] })),
  );
  while ((await writtenLog.advanceAddressIndex()) === "more");
  standby = await startStandby(second, primary.url, primary.url);
  readable = await createDataSource(standby.url, { poolSize: 8 }).initialize();
  store = createStore(readable);
  log = createChangeLog(readable);
  await eventually(async () => {
    expect(await store.readVms(IDS)).toHaveLength(VMS);
  });
});

afterAll(async () => {
  await readable.destroy();
  await writable.destroy();
  await standby.stop();
  await primary.stop();
  folder.remove();
});

/** Reads all that there is behind a reader's place. */
async function readOn(reader: Pick<LogTail, "read">, into: LoggedChange[]): Promise<void> {
  for (let hasMore = true; hasMore;) {
    const page = await reader.read(3);
    into.push(...page.changes);
    ({ hasMore } = page);
  }
}

/** The number of changes that a list of VMs shows, and of those that were told behind it, by VM. */
interface Sample {
  readonly shown: ReadonlyMap<string, number>;
  readonly changes: LoggedChange[];
  readonly reader: LogTail;
}

/** Takes the list and the cursor of one answer, as a request at the standby does. */
async function takeSample(): Promise<Sample> {
  const { reads, close } = store.openSnapshot(null);
  try {
    const rows = await reads.readVmsByIds(IDS);
    const cursor = parseCursor((await reads.readChangeCursor())!);
    const shown = new Map(rows.map(({ id: vmId, ips }) => [vmId, readCount(ips?.[0] ?? null)]));
    return { shown, changes: [], reader: log.openReader(cursor) };
  } finally {
    await close();
  }
}

const ALL: GuestInterest = {
  ...{ vmIds: null, namePattern: null, hostId: null, network: null, within: null, kinds: null },
};

/** Takes the state with which a subscriber at the standby begins. */
async function takeState(): Promise<Sample> {
  const { cursor } = await log.openTail();
  const page = await log.readStatePage({ interest: ALL, scope: null }, null, 100);
  const shown = new Map(page.vms.map(({ id: vmId, ips }) => [vmId, readCount(ips)]));
  return { shown, changes: [], reader: log.openReader({ ...cursor, seen: page.snapshot }) };
}

async function waitForStandby(): Promise<void> {
  const [{ at } = { at: "" }] = await writable.query<{ at: string }[]>("SELECT pg_current_wal_lsn() AS at");
  await eventually(async () => {
    const [row] = await readable.query<{ isThere: boolean }[]>(
      `SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS "isThere"`,
      [at],
    );
    expect(row?.isThere).toBe(true);
  });
}

describe("at a standby, while transactions at the primary commit in any order", () => {
  test.each([1, 2])(
    "each change is told once behind a list's cursor, behind a subscriber's state, and at the tail (%i)",
    async (seed) => {
      const random = createRandom(seed);
      await waitForStandby();
      const samples: Sample[] = [];
      let isWriting = true;
      const take = async (sample: () => Promise<Sample>) => {
        while (isWriting) {
          const taken = await sample();
          samples.push(taken);
          if (random() < 0.5) await readOn(taken.reader, taken.changes);
          await sleep(random() * 10);
        }
      };
      const running = Promise.all([take(takeSample), take(takeState)]);
      await writeSlowly(writable, { writers: 8, transactions: 25, vms: VMS, random });
      isWriting = false;
      await running;
      await waitForStandby();
      expect(samples.length).toBeGreaterThan(20);
      const stored = new Map((await written.readVms(IDS)).map(({ id: vmId, ips }) => [vmId, readCount(ips)]));
      for (const { shown, changes, reader } of samples) {
        await readOn(reader, changes);
        for (const vmId of IDS) {
          const told = changes.filter((change) => change.vmId === vmId).map(({ seq }) => seq);
          expect(told.length).toBe(new Set(told).size);
          expect((shown.get(vmId) ?? NaN) + told.length).toBe(stored.get(vmId));
        }
      }
    },
  );
});

test("a cursor of the primary tells nothing twice at a standby that is behind", async () => {
  await waitForStandby();
  const reader = await writtenLog.openTail();
  await runSql(standby.url, "SELECT pg_wal_replay_pause()");
  await eventually(async () => {
    expect(await runSql(standby.url, "SELECT pg_get_wal_replay_pause_state() AS is")).toEqual([
      { is: "paused" },
    ]);
  });
  // While it is under way, a reader does not know from which row on it reads.
  const slow = writable.createQueryRunner();
  await slow.startTransaction();
  await slow.query("SELECT pg_current_xact_id()");
  const [first] = await written.readVms(IDS);
  const changed = await changeIps(written, first!, toAddress(readCount(first!.ips) + 1));
  const early: LoggedChange[] = [];
  await readOn(reader, early);
  expect(early).toHaveLength(1);
  const atStandby = log.openReader(reader.cursor);
  const late: LoggedChange[] = [];
  await readOn(atStandby, late);
  await runSql(standby.url, "SELECT pg_wal_replay_resume()");
  await waitForStandby();
  await readOn(atStandby, late);
  expect(late).toEqual([]);
  await slow.rollbackTransaction();
  await slow.release();
  await changeIps(written, changed, toAddress(readCount(changed.ips) + 1));
  await waitForStandby();
  await readOn(atStandby, late);
  expect(late).toHaveLength(1);
});

test("a gateway at the standby tells subscribers what is written at the primary, and its log names no trouble", async () => {
  const gateway = await startTestGateway(standby.url, "", { REFRESH_INTERVAL: "off" });
  const client = startResumingClient(() => gateway.url);
  try {
    await eventually(() => {
      expect(client.hasState).toBe(true);
    });
    for (const round of [1, 2, 3]) {
      const [vm] = await written.readVms(IDS);
      await changeIps(written, vm!, toAddress(readCount(vm!.ips) + 1));
      await eventually(() => {
        expect(client.changes).toHaveLength(round);
      });
      const answer = await gateway.ask("{ vms(first: 5) { nodes { guestInfo { ips } } } changeCursor }");
      expect(answer).toMatchObject({ status: 200, codes: [] });
      expect(JSON.stringify(answer.data)).toContain(toAddress(readCount(vm!.ips) + 1));
    }
    expect(client.states).toBe(1);
    expect(gateway.log.filter((line) => !line.includes('"level":30'))).toEqual([]);
  } finally {
    await client.stop();
    await gateway.stop();
  }
});

test("the index of addresses is left to the gateways of the primary", async () => {
  const [vm] = await written.readVms(IDS);
  await changeIps(written, vm!, toAddress(readCount(vm!.ips) + 1));
  await waitForStandby();
  expect(await log.advanceAddressIndex()).toBe("elsewhere");
});
