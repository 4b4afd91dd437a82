import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  createChangeLog,
  type ChangeLog,
  type LoggedChange,
  type LogTail,
} from "../../../src/store/changes/change-log.js";
import { formatCursor, parseCursor } from "../../../src/store/changes/cursor.js";
import { LostCursorError } from "../../../src/store/changes/log-errors.js";
import { eventually } from "../../support/eventually.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { addVms, changeIps, storedVm } from "./log-fixtures.js";
import { countsByVm, createRandom, expectedCounts, writeAtRandom } from "./log-writers.js";
import { HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";

let database: TestDatabase;
let log: ChangeLog;

beforeEach(async () => {
  database = await createDatabase({ poolSize: 12 });
  log = createChangeLog(database.dataSource);
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
});

afterEach(() => database.drop());

async function readAll(reader: LogTail, limit = 1_000): Promise<LoggedChange[]> {
  const changes: LoggedChange[] = [];
  for (let hasMore: boolean = true; hasMore;) {
    const page = await reader.read(limit);
    changes.push(...page.changes);
    ({ hasMore } = page);
  }
  return changes;
}

describe("readers that follow many writers whose commits come late and in another order", () => {
  test("get every change once and each VM's changes in their order, whatever their pages and restarts", async () => {
    const random = createRandom(7);
    const counts = new Map<number, number>();
    const readers = await Promise.all(
      [1, 3, 1_000].map(async (limit) => ({ limit, tail: await log.openTail() })),
    );
    const start = await log.openTail();
    const got = readers.map((): LoggedChange[] => []);
    let isWriting = true;
    const follow = readers.map(async ({ limit, tail }, index) => {
      let reader = tail;
      while (isWriting) {
        const { changes } = await reader.read(limit);
        // A client that goes away now and then, and comes back to another replica with the last cursor that it kept.
        const kept = random() < 0.3 ? Math.ceil(random() * changes.length) : changes.length;
        got[index]!.push(...changes.slice(0, kept));
        const last = changes[kept - 1];
        if (random() < 0.3) {
          const cursor = kept === changes.length ? reader.cursor : (last?.cursor ?? reader.cursor);
          reader = log.openReader(parseCursor(formatCursor(cursor)));
        } else if (kept < changes.length) {
          reader = log.openReader(last!.cursor);
        }
      }
      got[index]!.push(...(await readAll(reader, limit)));
    });
    await writeAtRandom(database.dataSource, counts, { writers: 6, transactions: 60, vms: 4, random });
    isWriting = false;
    await Promise.all(follow);
    const expected = expectedCounts(counts);
    expect(Object.keys(expected)).toHaveLength(4);
    for (const changes of got) expect(countsByVm(changes)).toEqual(expected);
    const from = start.cursor;
    expect(countsByVm(await readAll(start, 7))).toEqual(expected);
    for (const [vmId, count] of Object.entries(expected)) {
      expect(countsByVm(await readAll(log.openReader(from, { vmIds: [vmId] }), 7))).toEqual({
        [vmId]: count,
      });
    }
    // Commits came in another order than `seq` was given out, or nothing was proven.
    const isInOrder = (changes: LoggedChange[]) =>
      changes.every(({ seq }, at) => at === 0 || seq > changes[at - 1]!.seq);
    expect(got.every(isInOrder)).toBe(false);
  });

  test("end at the cursor that they are given, and another reader goes on exactly from there", async () => {
    const random = createRandom(3);
    const counts = new Map<number, number>();
    const start = (await log.openTail()).cursor;
    const tail = await log.openTail();
    const live: LoggedChange[] = [];
    const caughtUp: LoggedChange[] = [];
    const writing = { isOver: false };
    const follow = (async () => {
      await tail.read(1_000);
      caughtUp.push(...(await readAll(log.openReader(start, { until: tail.cursor }), 5)));
      while (!writing.isOver) live.push(...(await tail.read(1_000)).changes);
      live.push(...(await readAll(tail)));
    })();
    await writeAtRandom(database.dataSource, counts, { writers: 6, transactions: 20, vms: 4, random });
    writing.isOver = true;
    await follow;
    expect(countsByVm([...caughtUp, ...live])).toEqual(expectedCounts(counts));
  });
});

describe("a reader of the log", () => {
  test("costs one statement, however many VMs changed", async () => {
    const tail = await log.openTail();
    await addVms(
      database.store,
      Array.from({ length: 100 }, (_, at) => storedVm(at + 1)),
    );
    database.statements();
    expect((await tail.read(1_000)).changes).toHaveLength(100);
    expect(database.statements()).toHaveLength(1);
  });

  test("is not held up by a transaction that stays open, and gets its change when it commits", async () => {
    const [one, two] = [storedVm(1), storedVm(2)];
    await addVms(database.store, [one, two]);
    const tail = await log.openTail();
    const open = database.dataSource.createQueryRunner();
    await open.startTransaction();
    await open.query(
      "INSERT INTO vnic_graph_change (at, tx, seq, vm_id, kinds, delta) " +
        `VALUES (now(), pg_current_xact_id(), nextval('vnic_graph_change_seq'), '${one.id}', 2, '{}')`,
    );
    await changeIps(database.store, two, "10.0.0.2");
    expect((await tail.read(10)).changes.map(({ vmId }) => vmId)).toEqual([two.id]);
    await changeIps(database.store, { ...two, ips: "10.0.0.2" }, "10.0.0.3");
    expect((await tail.read(10)).changes.map(({ vmId }) => vmId)).toEqual([two.id]);
    await open.commitTransaction();
    await open.release();
    expect((await tail.read(10)).changes.map(({ vmId }) => vmId)).toEqual([one.id]);
    expect((await tail.read(10)).changes).toEqual([]);
  });

  test("learns that the changes behind its cursor were dropped", async () => {
    const vm = storedVm(1);
    await addVms(database.store, [vm]);
    const { cursor } = await log.openTail();
    await changeIps(database.store, vm, "10.0.0.2");
    await database.dataSource.query("UPDATE vnic_graph_change_log SET dropped_tx = pg_current_xact_id()");
    await expect(log.openReader(cursor).read(10)).rejects.toThrow(new LostCursorError("expired"));
    // Another database's transaction, of before the drop, may still run on this server; real drops are of long ago.
    await eventually(async () => {
      expect((await (await log.openTail()).read(10)).changes).toEqual([]);
    });
  });

  test("learns that its cursor is of another database", async () => {
    const other = await createDatabase();
    try {
      const { cursor } = await createChangeLog(other.dataSource).openTail();
      await expect(log.openReader(cursor).read(10)).rejects.toThrow(new LostCursorError("other-log"));
    } finally {
      await other.drop();
    }
  });

  test("begins behind what was restored from another cluster, and history stays", async () => {
    const vm = storedVm(1);
    await addVms(database.store, [vm]);
    // Numbers of transactions that this cluster will give out some day.
    await database.dataSource.query("UPDATE vnic_graph_change SET tx = '999999999999'");
    await database.dataSource.query(
      "UPDATE vnic_graph_change_log SET system_id = '1', dropped_tx = '999999999999'",
    );
    const tail = await log.openTail();
    await changeIps(database.store, vm, "10.0.0.2");
    expect((await tail.read(10)).changes.map(({ delta }) => delta.ips?.[1])).toEqual(["10.0.0.2"]);
    expect(await log.readVmVersions([vm.id], new Date(0))).toEqual([]);
  });
});
