import type { DataSource, QueryRunner } from "typeorm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import { MAX_NAMES_A_CONNECTION, StatementNames } from "../../../src/store/postgres/statement-names.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";

let database: TestDatabase;
let dataSource: DataSource;
beforeEach(async () => {
  database = await createDatabase();
  dataSource = await createDataSource(database.url, { poolSize: 1 }).initialize();
});
afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** Statements that the pool's one connection keeps a plan of. Asked without parameters, so it is none itself. */
async function listPrepared(on: DataSource | QueryRunner = dataSource): Promise<string[]> {
  const rows = (await on.query("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time")) as {
    statement: string;
  }[];
  return rows.map(({ statement }) => statement);
}

test("a reading statement with parameters is prepared once a connection when it comes again, whatever its values", async () => {
  for (const value of [1, 2, 3]) {
    expect(await listPrepared()).toHaveLength(value === 3 ? 1 : 0);
    expect(await dataSource.query("SELECT $1::int + 1 AS sum", [value])).toEqual([{ sum: value + 1 }]);
  }
  expect(await listPrepared()).toEqual(["SELECT $1::int + 1 AS sum"]);
});

test("statements that write, and those without parameters, are not prepared", async () => {
  await dataSource.query("SELECT 1");
  await dataSource.query("UPDATE vds_static SET vds_name = $1", ["x"]);
  expect(await listPrepared()).toEqual([]);
});

test("a connection keeps no more plans than it may; further statements run without", async () => {
  for (let at = 0; at < MAX_NAMES_A_CONNECTION + 5; at += 1) {
    for (const value of [1, 2]) {
      expect(await dataSource.query(`SELECT $1::int + ${at} AS sum`, [value])).toEqual([{ sum: at + value }]);
    }
  }
  expect(await listPrepared()).toHaveLength(MAX_NAMES_A_CONNECTION);
});

test("statements that come once take no room", async () => {
  for (let at = 0; at < MAX_NAMES_A_CONNECTION + 5; at += 1) {
    await dataSource.query(`SELECT $1::int + ${at} AS sum`, [1]);
  }
  for (const value of [1, 2]) await dataSource.query("SELECT $1::int AS often", [value]);
  expect(await listPrepared()).toEqual(["SELECT $1::int AS often"]);
});

test("a kept plan whose columns a migration changed is planned anew, and the answer is right", async () => {
  const read = () => dataSource.query("SELECT * FROM changing WHERE id = $1", [1]);
  await dataSource.query("CREATE TABLE changing (id int, value int)");
  await dataSource.query("INSERT INTO changing VALUES (1, 7)");
  for (let time = 0; time < 2; time += 1) expect(await read()).toEqual([{ id: 1, value: 7 }]);
  await dataSource.query("ALTER TABLE changing ALTER COLUMN value TYPE text");
  expect(await read()).toEqual([{ id: 1, value: "7" }]);
  expect(await read()).toEqual([{ id: 1, value: "7" }]);
});

test("a change of columns inside a transaction fails that one, and the next succeeds", async () => {
  await dataSource.query("CREATE TABLE changing (id int, value int)");
  const read = (on: QueryRunner) => on.query("SELECT * FROM changing WHERE id = $1", [1]);
  const runner = dataSource.createQueryRunner();
  for (let time = 0; time < 2; time += 1) await read(runner);
  await runner.query("ALTER TABLE changing ADD COLUMN more int");
  await runner.query("BEGIN");
  await expect(read(runner)).rejects.toThrow(/cached plan/);
  await runner.query("ROLLBACK");
  await runner.query("BEGIN");
  expect(await read(runner)).toEqual([]);
  await runner.query("COMMIT");
  await runner.release();
});

test("where a session lost its statements, the statement runs without a name from then on", async () => {
  const read = () => dataSource.query("SELECT $1::int AS value", [3]);
  for (let time = 0; time < 2; time += 1) await read();
  await dataSource.query("DEALLOCATE ALL");
  expect(await read()).toEqual([{ value: 3 }]);
  expect(await read()).toEqual([{ value: 3 }]);
  expect(await listPrepared()).toEqual([]);
});

test("ten thousand different statements leave a bounded number of names behind", () => {
  const names = new StatementNames();
  const findTwice = (text: string) => [names.find(text), names.find(text)];
  const first = findTwice("SELECT 0");
  expect(first).toEqual([null, expect.stringMatching(/^s0_/)]);
  for (let at = 0; at < 10_000; at += 1) findTwice(`SELECT ${at}`);
  expect((names as unknown as { names: Map<string, string> }).names.size).toBeLessThanOrEqual(1000);
  expect(findTwice("SELECT 0")).toEqual(first);
});
