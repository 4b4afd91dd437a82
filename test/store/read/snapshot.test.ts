import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSlots } from "../../../src/model/slots.js";
import { queryRows } from "../../../src/store/postgres/sql.js";
import { DatabaseOverloadedError } from "../../../src/store/postgres/errors.js";
import { createSnapshot } from "../../../src/store/read/snapshot.js";
import { until } from "../until.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({ poolSize: 2 });
  await database.dataSource.query("CREATE TABLE counter (value int NOT NULL)");
  await database.dataSource.query("INSERT INTO counter VALUES (0)");
});

afterAll(() => database.drop());

const READ = "SELECT value FROM counter";
const increment = () => database.dataSource.query("UPDATE counter SET value = value + 1");
const readValue = (rows: unknown) => (rows as { readonly value: number }[])[0]!.value;

/** Takes every connection of the pool at once, which works only if none is held. */
async function takeAllConnections(): Promise<void> {
  await Promise.all([1, 2].map(() => database.dataSource.query("SELECT pg_sleep(0.05)")));
  const holders: unknown = await database.dataSource.query(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
  );
  expect(holders).toEqual([]);
}

describe("a snapshot", () => {
  test("reads one state, whatever is written meanwhile, in a transaction of its statements", async () => {
    const snapshot = createSnapshot(database.dataSource);
    database.statements();
    const first = readValue(await snapshot.query(READ));
    await increment();
    expect(readValue(await snapshot.query(READ))).toBe(first);
    await snapshot.close();
    expect(database.statements()).toEqual([
      "START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
      READ,
      "UPDATE counter SET value = value + 1",
      READ,
      "COMMIT",
    ]);
    await takeAllConnections();
  });

  test("a snapshot that is renewed reads what was written until then", async () => {
    const snapshot = createSnapshot(database.dataSource);
    const first = readValue(await snapshot.query(READ));
    await increment();
    snapshot.renew();
    expect(readValue(await snapshot.query(READ))).toBe(first + 1);
    await snapshot.close();
    await takeAllConnections();
  });

  test("whose connection ends between two statements says that the database does not answer", async () => {
    const snapshot = createSnapshot(database.dataSource);
    const [row] = await queryRows<{ pid: number }>(snapshot, "SELECT pg_backend_pid() AS pid");
    const isOpen = () =>
      queryRows(database.dataSource, "SELECT FROM pg_stat_activity WHERE pid = $1", [row?.pid]).then(
        (rows) => rows.length > 0,
      );
    await database.dataSource.query("SELECT pg_terminate_backend($1)", [row?.pid]);
    await until(async () => !(await isOpen()));
    await setImmediate();
    await expect(queryRows(snapshot, READ)).rejects.toMatchObject({ reason: "away" });
    await snapshot.close();
    await takeAllConnections();
  });

  test("whose kept plan a migration has outdated says that the database was changed, and the next one reads", async () => {
    await database.dataSource.query("CREATE TABLE changing (id int, value int)");
    const read = async () => {
      const snapshot = createSnapshot(database.dataSource);
      try {
        return await queryRows(snapshot, "SELECT * FROM changing WHERE id = $1", [1]);
      } finally {
        await snapshot.close();
      }
    };
    for (let time = 0; time < 4; time += 1) await Promise.all([read(), read()]);
    await database.dataSource.query("ALTER TABLE changing ADD COLUMN more text");
    await expect(read()).rejects.toMatchObject({ reason: "changed", extensions: { code: "NOT_AVAILABLE" } });
    for (let time = 0; time < 4; time += 1) expect(await read()).toEqual([]);
    await takeAllConnections();
  });

  test("of which nothing was read costs nothing", async () => {
    database.statements();
    const snapshot = createSnapshot(database.dataSource);
    snapshot.renew();
    await snapshot.close();
    expect(database.statements()).toEqual([]);
  });

  test("a snapshot that is closed while statements run gives its connection back after them, and reads nothing more", async () => {
    const snapshot = createSnapshot(database.dataSource);
    await snapshot.query(READ);
    const running = [snapshot.query("SELECT pg_sleep(0.1)"), snapshot.query(READ)];
    const closed = snapshot.close();
    const late = snapshot.query(READ).catch((error: unknown) => error);
    for (const each of running) {
      expect(await each.catch((error: unknown) => error)).toMatchObject({
        message: expect.stringContaining("the request has ended") as string,
      });
    }
    await closed;
    expect(await late).toMatchObject({ message: expect.stringContaining("the request has ended") as string });
    await takeAllConnections();
  });

  test("a snapshot that is closed after statements were sent lets them end first", async () => {
    const snapshot = createSnapshot(database.dataSource);
    await snapshot.query(READ);
    const running = [snapshot.query("SELECT pg_sleep(0.1)"), snapshot.query(READ)];
    await setImmediate();
    const closed = snapshot.close();
    for (const each of running) await expect(each).resolves.toHaveLength(1);
    await closed;
    await expect(snapshot.query(READ)).rejects.toThrow("the request has ended");
    await takeAllConnections();
  });

  test("sends statements that are asked for together without waiting for each other's answers", async () => {
    const snapshot = createSnapshot(database.dataSource);
    const first = snapshot.query("SELECT pg_sleep(0.1), now() AS at");
    const second = snapshot.query("SELECT statement_timestamp() AS at, clock_timestamp() AS value");
    const third = snapshot.query(READ);
    await expect(Promise.all([first, second, third])).resolves.toHaveLength(3);
    await snapshot.close();
    await takeAllConnections();
  });

  test("fails all statements that were sent behind one that failed, in the same way", async () => {
    const snapshot = createSnapshot(database.dataSource);
    const sent = [READ, "SELECT 1 / 0", READ, READ].map((sql) =>
      snapshot.query(sql).catch((error: unknown) => error),
    );
    const [first, failure, ...behind] = await Promise.all(sent);
    expect(first).toHaveLength(1);
    expect(failure).toMatchObject({ message: expect.stringContaining("division by zero") as string });
    for (const each of behind) expect(each).toBe(failure);
    await snapshot.close();
    await takeAllConnections();
  });

  test("of which no connection can be had fails in one way, and leaves nothing behind", async () => {
    const held = await Promise.all(
      [1, 2].map(async () => {
        const runner = database.dataSource.createQueryRunner();
        await runner.connect();
        return runner;
      }),
    );
    const snapshot = createSnapshot(database.dataSource);
    const sent = [READ, READ].map((sql) => snapshot.query(sql).catch((error: unknown) => error));
    const [first, second] = await Promise.all(sent);
    expect(first).toBeInstanceOf(Error);
    expect(second).toBe(first);
    await snapshot.close();
    for (const runner of held) await runner.release();
    await takeAllConnections();
  });

  test("fails in one way after a statement failed, and gives its connection back", async () => {
    const snapshot = createSnapshot(database.dataSource);
    const failure: unknown = await snapshot.query("SELECT 1 / 0").catch((error: unknown) => error);
    await expect(snapshot.query(READ)).rejects.toBe(failure);
    await snapshot.close();
    await takeAllConnections();
  });

  test("outlives a statement that it can do without", async () => {
    const snapshot = createSnapshot(database.dataSource);
    const first = readValue(await snapshot.query(READ));
    await increment();
    await expect(snapshot.queryOptional("SELECT 1 / 0")).rejects.toThrow("division by zero");
    expect(readValue(await snapshot.query(READ))).toBe(first);
    await snapshot.close();
    await takeAllConnections();
  });

  test("whose connection is cut fails, and leaves the pool whole", async () => {
    const snapshot = createSnapshot(database.dataSource);
    const pid: unknown = await snapshot.query("SELECT pg_backend_pid() AS value");
    await database.dataSource.query("SELECT pg_terminate_backend($1)", [readValue(pid)]);
    await expect(snapshot.query(READ)).rejects.toThrow();
    await snapshot.close();
    await takeAllConnections();
  });

  test("a search that has waited for its slot for too long is refused, and keeps no later one waiting", async () => {
    const slots = createSlots(1, { ms: 20, createError: () => new Error("waited too long") });
    const leave = await slots.enter();
    const searching = createSnapshot(database.dataSource, slots);
    await expect(searching.querySearch(READ)).rejects.toThrow("waited too long");
    await searching.close();
    leave();
    const later = createSnapshot(database.dataSource, slots);
    await expect(later.querySearch(READ)).resolves.toHaveLength(1);
    await later.close();
    await takeAllConnections();
  });

  test("a snapshot that begins with a search waits for a slot without a connection; others are not kept waiting", async () => {
    const slots = createSlots(1);
    const leave = await slots.enter();
    const searching = Array.from({ length: 5 }, () => createSnapshot(database.dataSource, slots));
    const found = searching.map((snapshot) => snapshot.querySearch(READ));
    await takeAllConnections();
    // One that holds a connection already does not wait.
    const open = createSnapshot(database.dataSource, slots);
    await open.query(READ);
    await expect(open.querySearch(READ)).resolves.toHaveLength(1);
    await open.close();
    leave();
    for (const [each, rows] of found.entries()) {
      await expect(rows).resolves.toHaveLength(1);
      await searching[each]!.close();
    }
    await takeAllConnections();
  });

  test("a long search has a slot until the transaction ends, so that its second one waits behind nobody", async () => {
    const slots = createSlots(1);
    const searching = createSnapshot(database.dataSource, slots);
    const search = () => searching.runSearch((alone) => alone.query(READ));
    await expect(search()).resolves.toHaveLength(1);
    const next = createSnapshot(database.dataSource, slots);
    let hasBegun = false;
    const found = next.runSearch((alone) => {
      hasBegun = true;
      return alone.query(READ);
    });
    await expect(search()).resolves.toHaveLength(1);
    await expect(searching.querySearch(READ)).resolves.toHaveLength(1);
    expect(hasBegun).toBe(false);
    await searching.close();
    await expect(found).resolves.toHaveLength(1);
    await next.close();
    expect(slots.enterNow()).not.toBeNull();
    await takeAllConnections();
  });

  test("a long search of a snapshot that has a connection waits for no slot: where none is free, it is overloaded", async () => {
    const slots = createSlots(1);
    const leave = await slots.enter();
    const open = createSnapshot(database.dataSource, slots);
    const first = readValue(await open.query(READ));
    const search = () => open.runSearch((alone) => alone.query(READ));
    await expect(search()).rejects.toThrow(DatabaseOverloadedError);
    leave();
    expect(readValue(await search())).toBe(first);
    expect(slots.enterNow()).toBeNull();
    await open.close();
    expect(slots.enterNow()).not.toBeNull();
    await expect(search()).rejects.toThrow("the request has ended");
    await takeAllConnections();
  });
});
