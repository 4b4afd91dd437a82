import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isStatementsOwnFailure, toDatabaseError } from "../../../src/store/postgres/errors.js";
import { queryRows, runInTransaction } from "../../../src/store/postgres/sql.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(() => database.drop());

/** Lets PostgreSQL end a statement for a cause that a test cannot have: a full disk, a standby, a crash. */
const failWith = (code: string) =>
  `DO $$ BEGIN RAISE EXCEPTION 'could not extend file "base/16384/1259"' USING ERRCODE = '${code}'; END $$`;

const catchError = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error("did not fail");
    },
    (error: unknown) => error,
  );

describe.each([
  ["a full disk", "53100", "has no space or memory left"],
  ["no memory", "53200", "has no space or memory left"],
  ["too many connections", "53300", "takes no more connections"],
  ["a limit of its settings", "53400", "has no space or memory left"],
  ["an error of its disk", "58030", "has no space or memory left"],
  ["a database that is read-only", "25006", "cannot be written at the moment"],
  ["a lock that somebody holds", "55P03", "is locked by somebody else"],
  ["a missing right", "42501", "does not let the gateway do this"],
  ["a role that may not come in", "28000", "does not let the gateway do this"],
  [
    "a table that is not there, or is in a schema without USAGE",
    "42P01",
    "lacks or hides something that the gateway needs",
  ],
  ["a column that is not there", "42703", "lacks or hides something that the gateway needs"],
  ["a standby that had to replay something", "40001", "stopped this in favour of other work"],
  ["a deadlock", "40P01", "stopped this in favour of other work"],
  ["a server that stops", "57P01", "does not answer"],
  ["a server that starts", "57P03", "does not answer"],
  ["a lost connection", "08006", "does not answer"],
])("%s", (_cause, code, words) => {
  const expected = {
    name: "DatabaseUnavailableError",
    message: `The database ${words}. Ask again in a few seconds.`,
    status: 503,
    headers: { "retry-after": "5" },
    extensions: { code: "NOT_AVAILABLE", http: { status: 503 } },
  };

  test("is told as NOT_AVAILABLE, and without the server's words", async () => {
    expect(await catchError(queryRows(database.dataSource, failWith(code)))).toMatchObject(expected);
  });

  test("is told so out of a transaction, which is given back and works again", async () => {
    const failed = runInTransaction(database.dataSource, (runner) => runner.query(failWith(code)));
    expect(await catchError(failed)).toMatchObject(expected);
    expect(await queryRows(database.dataSource, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });
});

test("a real read-only database, a real lock and a real lack of rights are told the same way", async () => {
  const { dataSource } = database;
  await queryRows(dataSource, "CREATE TABLE guarded (id int)");
  const attempt = (before: string, statement: string) =>
    catchError(
      runInTransaction(dataSource, async (runner) => {
        await runner.query(before);
        await runner.query(statement);
      }),
    );
  expect(await attempt("SET TRANSACTION READ ONLY", "INSERT INTO guarded VALUES (1)")).toMatchObject({
    reason: "readOnly",
  });
  expect(await attempt("SET LOCAL ROLE pg_monitor", "INSERT INTO guarded VALUES (1)")).toMatchObject({
    reason: "rights",
  });
  await runInTransaction(dataSource, async (holder) => {
    await holder.query("LOCK TABLE guarded");
    expect(await attempt("SET LOCAL lock_timeout = '10ms'", "INSERT INTO guarded VALUES (1)")).toMatchObject({
      reason: "locked",
    });
  });
});

test.each([
  ["a statement's limit of time", "57014", "StatementTimeoutError"],
  ["what nobody foresaw", "XX000", "QueryFailedError"],
  ["a wrong statement", "42601", "QueryFailedError"],
  ["a function that does not exist", "42883", "QueryFailedError"],
  ["what the server lacks", "0A000", "QueryFailedError"],
])("%s is no outage", async (_cause, code, name) => {
  const error = await catchError(queryRows(database.dataSource, failWith(code)));
  expect(error).toMatchObject({ name });
  expect(toDatabaseError(error)).toBe(error);
});

test.each([
  ["23505", true],
  ["40P01", true],
  ["57014", true],
  ["55P03", true],
  ["53100", false],
  ["57P01", false],
])("after %s a batch may be tried one by one: %s", async (code, expected) => {
  expect(isStatementsOwnFailure(await catchError(queryRows(database.dataSource, failWith(code))))).toBe(
    expected,
  );
});
