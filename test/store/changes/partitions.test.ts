import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  choosePartitionMs,
  createMaintenance,
  findExpired,
  planPartitions,
  type Partition,
} from "../../../src/store/changes/partitions.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { addVms, storedVm } from "./log-fixtures.js";
import { HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const retention = fc.constantFrom(null, HOUR_MS, 12 * HOUR_MS, 7 * DAY_MS, 90 * DAY_MS, 365 * DAY_MS);

describe("partitions of the log", () => {
  test("cover the next hours without a gap or an overlap, whatever there was and however the setting changes", () => {
    const step = fc.tuple(retention, fc.integer({ min: 0, max: 40 * DAY_MS }));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        let nowMs = Date.UTC(2026, 10, 26, 20, 31);
        let partitions: Partition[] = [];
        for (const [kept, laterMs] of steps) {
          nowMs += laterMs;
          partitions = [...partitions, ...planPartitions(partitions, kept, nowMs)];
          const expired = findExpired(partitions, kept, nowMs);
          partitions = partitions.filter((each) => !expired.includes(each));
          const sorted = partitions.toSorted((left, right) => left.fromMs - right.fromMs);
          for (const [at, { fromMs, toMs }] of sorted.entries()) {
            expect(toMs).toBeGreaterThan(fromMs);
            expect(sorted[at + 1]?.fromMs ?? Infinity).toBeGreaterThanOrEqual(toMs);
          }
          for (let ms = nowMs; ms < nowMs + 6 * HOUR_MS; ms += HOUR_MS / 2) {
            expect(partitions.filter(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)).toHaveLength(1);
          }
          expect(planPartitions(partitions, kept, nowMs)).toEqual([]);
          expect(partitions.length).toBeLessThan(80);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("are dropped only when all in them is older than what is kept, and an hour is always kept", () => {
    fc.assert(
      fc.property(retention, fc.integer({ min: 0, max: 400 * 24 }), (kept, hours) => {
        const nowMs = Date.UTC(2027, 0, 1, 0, 30);
        const toMs = nowMs - hours * HOUR_MS;
        const old = { name: "old", fromMs: toMs - HOUR_MS, toMs };
        const isOld = hours * HOUR_MS >= (kept ?? HOUR_MS);
        expect(findExpired([old], kept, nowMs)).toEqual(isOld ? [old] : []);
      }),
    );
  });

  test("are about as many for any setting, so that looking for a VM stays quick", () => {
    for (const kept of [null, HOUR_MS, 2 * DAY_MS, 90 * DAY_MS, 365 * DAY_MS]) {
      expect((kept ?? HOUR_MS) / choosePartitionMs(kept)).toBeLessThan(15);
    }
  });
});

describe("maintenance of the log", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    await database.store.registerHosts(HOSTS, INTERVAL_MS);
  });
  afterAll(() => database.drop());

  const keptMs = 90 * DAY_MS;
  const OLD = "vnic_graph_change_2020010100_2020010800";

  const makeOld = (name = OLD, from = "2020-01-01", to = "2020-01-08") =>
    database.dataSource.query(
      `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF vnic_graph_change
       FOR VALUES FROM ('${from} 00:00+00') TO ('${to} 00:00+00')`,
    );

  /** Creates a gateway's maintenance, whose clock is set by hand. */
  const startMaintenance = () => {
    const clock = { nowMs: 0 };
    return { clock, maintain: createMaintenance(database.dataSource, () => clock.nowMs) };
  };

  /** Creates a maintenance that has found the same for an hour. */
  const startLongAgo = async () => {
    const { clock, maintain } = startMaintenance();
    await maintain(keptMs);
    clock.nowMs = HOUR_MS;
    return () => maintain(keptMs);
  };

  const partitionNames = async () =>
    (
      await database.dataSource.query<{ name: string }[]>(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'vnic_graph_change'::regclass ORDER BY 1",
      )
    ).map(({ name }) => name);

  test("by several gateways at once makes each partition once, and then costs one statement", async () => {
    await Promise.all(Array.from({ length: 4 }, () => startMaintenance().maintain(keptMs)));
    const made = await partitionNames();
    database.statements();
    await startMaintenance().maintain(keptMs);
    expect(database.statements()).toHaveLength(1);
    expect(await partitionNames()).toEqual(made);
  });

  test("drops what is older than the setting, tells readers so, and deletes no row one by one", async () => {
    await makeOld();
    await database.dataSource.query(
      `INSERT INTO vnic_graph_change (at, tx, seq, vm_id, kinds, delta)
       VALUES ('2020-01-02', '77', 1, gen_random_uuid(), 2, '{}')`,
    );
    const gateways = await Promise.all([startLongAgo(), startLongAgo()]);
    database.statements();
    await Promise.all(gateways.map((maintain) => maintain()));
    expect(database.statements().filter((sql) => sql.startsWith("DELETE"))).toEqual([]);
    expect(await partitionNames()).not.toContain(OLD);
    const [log] = await database.dataSource.query<{ dropped_tx: string; kept_from: Date }[]>(
      "SELECT dropped_tx, kept_from FROM vnic_graph_change_log",
    );
    expect(log).toMatchObject({ dropped_tx: "77" });
  });

  test("waits half a second at most for a drop, and leaves it to the next time", async () => {
    await makeOld();
    const reader = database.dataSource.createQueryRunner();
    await reader.startTransaction();
    await reader.query("SELECT count(*) FROM vnic_graph_change");
    const maintain = await startLongAgo();
    await maintain();
    expect(await partitionNames()).toContain(OLD);
    await reader.commitTransaction();
    await reader.release();
    await maintain();
    expect(await partitionNames()).not.toContain(OLD);
  });

  test("drops nothing by a clock that is wrong for less than an hour, at the start neither", async () => {
    await makeOld();
    const { clock, maintain } = startMaintenance();
    // To a clock of 2020 it is not old.
    const keptLong = Date.now() - Date.UTC(2020, 0, 1);
    for (const [minute, kept] of [
      [0, keptMs],
      [50, keptMs],
      [59, keptLong],
      [60, keptMs],
      [119, keptMs],
    ] as const) {
      clock.nowMs = minute * 60_000;
      await maintain(kept);
      expect(await partitionNames()).toContain(OLD);
    }
    clock.nowMs = 120 * 60_000;
    await maintain(keptMs);
    expect(await partitionNames()).not.toContain(OLD);
  });

  test("makes partitions of releases before publishable, of which nothing could be erased", async () => {
    const { maintain } = startMaintenance();
    await maintain(keptMs);
    const [name] = await partitionNames();
    await database.dataSource.query(`ALTER TABLE ${name} REPLICA IDENTITY DEFAULT`);
    await maintain(keptMs);
    expect(
      await database.dataSource.query(
        `SELECT DISTINCT relreplident::text AS identity FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
         WHERE i.inhparent = 'vnic_graph_change'::regclass`,
      ),
    ).toEqual([{ identity: "f" }]);
    database.statements();
    await maintain(keptMs);
    expect(database.statements()).toHaveLength(1);
  });

  test("maintenance of the log that never ran costs no pass: one that finds no partition makes it", async () => {
    for (const name of await partitionNames()) await database.dataSource.query(`DROP TABLE ${name}`);
    await addVms(database.store, [storedVm(1)]);
    expect(await database.dataSource.query("SELECT FROM vnic_graph_change")).toHaveLength(1);
    expect(await partitionNames()).not.toEqual([]);
  });

  test("a pass that finds no partition for a clock that leapt drops none", async () => {
    for (const name of await partitionNames()) await database.dataSource.query(`DROP TABLE ${name}`);
    await makeOld();
    await addVms(database.store, [storedVm(2)]);
    expect(await partitionNames()).toContain(OLD);
  });

  test("drops at its start what was too old when the last change an hour ago was written, as after a shorter setting", async () => {
    await makeOld();
    // The clock that wrote this may have leapt just before.
    await addVms(database.store, [storedVm(3)]);
    await startMaintenance().maintain(keptMs);
    expect(await partitionNames()).toContain(OLD);
    await makeOld("vnic_graph_change_2022010100_2022010800", "2022-01-01", "2022-01-08");
    await database.dataSource.query(
      `INSERT INTO vnic_graph_change (at, tx, seq, vm_id, kinds, delta)
       VALUES ('2022-01-02', '78', 1, gen_random_uuid(), 2, '{}')`,
    );
    await startMaintenance().maintain(Date.UTC(2022, 0, 1) - Date.UTC(2020, 0, 1));
    expect(await partitionNames()).toContain(OLD);
    await startMaintenance().maintain(keptMs);
    expect(await partitionNames()).not.toContain(OLD);
    expect(await partitionNames()).toContain("vnic_graph_change_2022010100_2022010800");
  });
});
