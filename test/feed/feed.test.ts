import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startFeed, type Feed } from "../../src/feed/feed.js";
import { createChangeLog, type ChangeLog, type LoggedChange } from "../../src/store/changes/change-log.js";
import { hasRead } from "../../src/store/changes/cursor.js";
import type { LostCursorError } from "../../src/store/changes/log-errors.js";
import { countsByVm, createRandom, expectedCounts, writeAtRandom } from "../store/changes/log-writers.js";
import { addVms, changeIps, storedVm } from "../store/changes/log-fixtures.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { eventually } from "../support/eventually.js";
import { HOSTS, INTERVAL_MS } from "../support/builders/passes.js";

let database: TestDatabase;
let log: ChangeLog;
let feed: Feed;

beforeEach(async () => {
  database = await createDatabase({ poolSize: 12 });
  log = createChangeLog(database.dataSource);
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  feed = startFeed({ log, intervalMs: 20 });
});

afterEach(async () => {
  await feed.stop();
  await database.drop();
});

/** A listener that keeps what it is told. */
function createListener() {
  const told: LoggedChange[] = [];
  const resets: LostCursorError[] = [];
  const listener = {
    told,
    resets,
    tellFurther: (_: readonly LoggedChange[]): void => undefined,
    onChanges: (changes: readonly LoggedChange[]) => {
      told.push(...changes);
      listener.tellFurther(changes);
      return undefined;
    },
    onReset: (error: LostCursorError) => void resets.push(error),
  };
  return listener;
}

describe("a feed", () => {
  test("tells every listener what is committed after it began to listen, with one statement for all of them", async () => {
    const vm = storedVm(1);
    await addVms(database.store, [vm]);
    const listeners = Array.from({ length: 50 }, createListener);
    for (const listener of listeners) await feed.listen(listener);
    const changed = await changeIps(database.store, vm, "10.0.0.2");
    await changeIps(database.store, changed, "10.0.0.3");
    await eventually(() => {
      for (const { told } of listeners)
        expect(told.map(({ delta }) => delta.ips?.[1])).toEqual(["10.0.0.2", "10.0.0.3"]);
    });
    database.statements();
    await sleep(200);
    expect(database.statements().length).toBeLessThanOrEqual(11);
  });

  test("joins what a reader catches up on without a gap and without a repeat, from any cursor", async () => {
    const random = createRandom(11);
    const counts = new Map<number, number>();
    const start = (await log.openTail()).cursor;
    const clients: LoggedChange[][] = [];
    const join = async () => {
      for (let client = 0; client < 6; client += 1) {
        await sleep(30);
        const got: LoggedChange[] = [];
        clients.push(got);
        // What is told while the client catches up waits for it.
        const listener = createListener();
        const { from } = await feed.listen(listener);
        const reader = log.openReader(start, { until: from });
        for (let hasMore: boolean = true; hasMore;) {
          const page = await reader.read(7);
          got.push(...page.changes);
          ({ hasMore } = page);
        }
        got.push(...listener.told);
        listener.tellFurther = (changes) => void got.push(...changes);
      }
    };
    await Promise.all([
      join(),
      writeAtRandom(database.dataSource, counts, { writers: 6, transactions: 30, vms: 4, random }),
    ]);
    const expected = expectedCounts(counts);
    await eventually(() => {
      for (const got of clients) expect(countsByVm(got)).toEqual(expected);
    });
  });

  test("begins where a client's cursor can be compared, so that what the client has is known", async () => {
    const vm = storedVm(1);
    await addVms(database.store, [vm]);
    const tail = await log.openTail();
    await changeIps(database.store, vm, "10.0.0.2");
    const { changes } = await tail.read(10);
    const { from } = await feed.listen(createListener());
    for (const change of changes) {
      expect(hasRead(from, change)).toBe(true);
      expect(hasRead(change.cursor, change)).toBe(true);
    }
  });

  test("reads nothing while nobody listens", async () => {
    const listener = createListener();
    const listening = await feed.listen(listener);
    listening.end();
    await sleep(100);
    database.statements();
    await sleep(100);
    expect(database.statements()).toEqual([]);
    await addVms(database.store, [storedVm(1)]);
    const later = createListener();
    await feed.listen(later);
    await addVms(database.store, [storedVm(2)]);
    await eventually(() => {
      expect(later.told).toHaveLength(1);
    });
    expect(listener.told).toEqual([]);
  });

  test("knows how far behind it is, which grows while the log cannot be read", async () => {
    expect(feed.getLagMs()).toBeNull();
    const listening = await feed.listen(createListener());
    await database.dataSource.query("ALTER TABLE vnic_graph_change_log RENAME TO hidden");
    await eventually(() => {
      expect(feed.getLagMs()).toBeGreaterThan(300);
    });
    await database.dataSource.query("ALTER TABLE hidden RENAME TO vnic_graph_change_log");
    await eventually(() => {
      expect(feed.getLagMs()).toBeLessThan(300);
    });
    listening.end();
    expect(feed.getLagMs()).toBeNull();
  });

  test("is woken by a write of this process, and does not wait for its turn", async () => {
    await feed.stop();
    feed = startFeed({ log, intervalMs: 60_000 });
    const listener = createListener();
    await feed.listen(listener);
    await addVms(database.store, [storedVm(1)]);
    feed.wake();
    await eventually(() => {
      expect(listener.told).toHaveLength(1);
    });
  });

  test("tells that the order was broken when the changes that it was at are gone, and goes on from the end", async () => {
    const listener = createListener();
    await feed.listen(listener);
    await addVms(database.store, [storedVm(1)]);
    await eventually(() => {
      expect(listener.told).toHaveLength(1);
    });
    await database.dataSource.query("UPDATE vnic_graph_change_log SET dropped_tx = '99999999'");
    await eventually(() => {
      expect(listener.resets).not.toEqual([]);
    });
    expect(listener.resets[0]).toMatchObject({ reason: "expired" });
    await database.dataSource.query("UPDATE vnic_graph_change_log SET dropped_tx = '0'");
    await addVms(database.store, [storedVm(2)]);
    await eventually(() => {
      expect(listener.told.at(-1)?.vmId).toBe(storedVm(2).id);
    });
  });

  test("goes on after the database was away, and says so once each way", async () => {
    const troubles: (string | null)[] = [];
    await feed.stop();
    feed = startFeed({
      log,
      intervalMs: 20,
      onTrouble: (error) => void troubles.push(error?.message ?? null),
    });
    const listener = createListener();
    await feed.listen(listener);
    await database.dataSource.query("ALTER TABLE vnic_graph_change_log RENAME TO hidden");
    await eventually(() => {
      expect(troubles).toHaveLength(1);
    });
    await database.dataSource.query("ALTER TABLE hidden RENAME TO vnic_graph_change_log");
    await addVms(database.store, [storedVm(1)]);
    await eventually(() => {
      expect(listener.told).toHaveLength(1);
    });
    expect(troubles.slice(1)).toEqual([null]);
  });
});
