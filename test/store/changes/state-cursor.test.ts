import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createChangeLog, type ChangeLog, type LoggedChange } from "../../../src/store/changes/change-log.js";
import { parseCursor } from "../../../src/store/changes/cursor.js";
import { LogPositionUnknownError } from "../../../src/store/changes/log-errors.js";
import { readCount, toAddress, writeSlowly } from "../../feed/slow-writers.js";
import { appendChanges } from "../../../src/store/changes/append.js";
import { toVersion } from "../../../src/store/changes/versions/vm-version.js";
import { runInTransaction } from "../../../src/store/postgres/sql.js";
import { HOST_A, id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { addVms, changeIps, storedVm } from "./log-fixtures.js";
import { createRandom } from "./log-writers.js";

const VMS = 5;
const IDS = Array.from({ length: VMS }, (_, index) => id(index + 1));

let database: TestDatabase;
let log: ChangeLog;

beforeEach(async () => {
  database = await createDatabase({ poolSize: 16 });
  log = createChangeLog(database.dataSource);
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  const vms = IDS.map((_, index) => storedVm(index + 1, { ips: toAddress(0), interfaces: [] }));
  await addVms(database.store, vms);
});

afterEach(() => database.drop());

/** Follows the log with the index until there is nothing more. */
async function followLog(): Promise<void> {
  while ((await log.advanceAddressIndex()) === "more");
}

/** A list of VMs and the cursor of the same answer, and what came behind that. */
interface Sample {
  readonly shown: ReadonlyMap<string, number>;
  readonly changes: LoggedChange[];
  /** Reads all that there is behind the cursor by now. */
  readonly readOn: () => Promise<void>;
}

/** Takes a sample as one request does: all of its statements see one state. */
async function takeSample(isListFirst: boolean): Promise<Sample> {
  const { reads, close } = database.store.openSnapshot(null);
  try {
    const early: string | null = isListFirst ? null : await reads.readChangeCursor();
    const rows = await reads.readVmsByIds(IDS);
    // A client's answer takes its time; what is committed meanwhile is not in it.
    await sleep(2);
    const cursor = early ?? (await reads.readChangeCursor());
    const reader = log.openReader(parseCursor(cursor!));
    const changes: LoggedChange[] = [];
    return {
      shown: new Map(rows.map(({ id: vmId, ips }) => [vmId, readCount(ips?.[0] ?? null)])),
      changes,
      readOn: async () => {
        for (let hasMore = true; hasMore;) {
          const page = await reader.read(3);
          changes.push(...page.changes);
          ({ hasMore } = page);
        }
      },
    };
  } finally {
    await close();
  }
}

describe("the cursor of a state", () => {
  test.each([1, 2, 3])(
    "with the list of the same state and the changes behind it gives the last list, nothing lost and nothing twice (%i)",
    async (seed) => {
      const random = createRandom(seed);
      await followLog();
      const samples: Sample[] = [];
      let isWriting = true;
      const takeSamples = async () => {
        while (isWriting) {
          const sample = await takeSample(random() < 0.5);
          samples.push(sample);
          if (random() < 0.5) await sample.readOn();
          await sleep(random() * 10);
        }
      };
      const index = async () => {
        while (isWriting) {
          await log.advanceAddressIndex();
          await sleep(random() * 60);
        }
      };
      const running = Promise.all([takeSamples(), takeSamples(), index()]);
      await writeSlowly(database.dataSource, { writers: 8, transactions: 25, vms: VMS, random });
      isWriting = false;
      await running;
      expect(samples.length).toBeGreaterThan(20);
      const stored = new Map(
        (await database.store.readVms(IDS)).map(({ id: vmId, ips }) => [vmId, readCount(ips)]),
      );
      for (const { shown, changes, readOn } of samples) {
        await readOn();
        for (const vmId of IDS) {
          const told = changes.filter((change) => change.vmId === vmId).map(({ seq }) => seq);
          expect(told.length).toBe(new Set(told).size);
          expect((shown.get(vmId) ?? NaN) + told.length).toBe(stored.get(vmId));
        }
      }
    },
  );

  test("is not behind a change whose transaction was under way while the index went on", async () => {
    await followLog();
    const [slow, quick] = await database.store.readVms(IDS.slice(0, 2));
    let commit: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (commit = resolve));
    let note: () => void = () => undefined;
    const appended = new Promise<void>((resolve) => (note = resolve));
    const writing = runInTransaction(database.dataSource, async (queryRunner) => {
      const [before, after] = [toVersion(slow!), toVersion({ ...slow!, ips: toAddress(1) })];
      await appendChanges(queryRunner, [{ hostId: HOST_A, before, after }]);
      note();
      await released;
    });
    await appended;
    let vm = quick!;
    for (const count of [1, 2, 3]) {
      vm = await changeIps(database.store, vm, toAddress(count));
      await followLog();
    }
    const cursor = await database.store.readChangeCursor();
    commit();
    await writing;
    const { changes } = await log.openReader(parseCursor(cursor!)).read(10);
    expect(changes.map(({ vmId }) => vmId)).toEqual([slow!.id]);
  });

  test("costs two statements, however much is behind the index, and writes nothing", async () => {
    await followLog();
    let vm = (await database.store.readVms([IDS[0]!]))[0]!;
    for (let count = 1; count <= 20; count += 1) {
      vm = await changeIps(database.store, vm, toAddress(count));
    }
    const { reads, close } = database.store.openSnapshot(null);
    database.statements();
    const cursor = await reads.readChangeCursor();
    const sent = database.statements().filter((sql) => !/^(START|COMMIT)/.test(sql));
    await close();
    expect(sent).toHaveLength(2);
    expect(sent.every((sql) => /^\s*(SELECT|WITH)/.test(sql))).toBe(true);
    const { changes } = await log.openReader(parseCursor(cursor!)).read(1);
    expect(changes).toEqual([]);
  });

  test("is the same for a viewer with a scope: it tells nothing of any VM", async () => {
    await followLog();
    const scope = { namePatterns: [], hostIds: [], vmIds: [] };
    const [all, none] = [database.store.createReaderFor(null), database.store.createReaderFor(scope)];
    const [first, second] = [await all.readChangeCursor(), await none.readChangeCursor()];
    expect(parseCursor(second!).lastTx).toBe(parseCursor(first!).lastTx);
  });

  test("is not known before the index has a place in this log", async () => {
    await expect(database.store.readChangeCursor()).rejects.toThrow(LogPositionUnknownError);
    await followLog();
    await database.store.readChangeCursor();
    const [{ cursor }] = await database.dataSource.query<[{ cursor: string }]>(
      "SELECT cursor FROM vnic_graph_address_index",
    );
    const own = Buffer.from(cursor, "base64url").toString();
    const foreign = Buffer.from(own.replace(/^1 \w{12}/, "1 0123456789ab")).toString("base64url");
    await database.dataSource.query("UPDATE vnic_graph_address_index SET cursor = $1", [foreign]);
    await expect(database.store.readChangeCursor()).rejects.toThrow(LogPositionUnknownError);
  });
});
