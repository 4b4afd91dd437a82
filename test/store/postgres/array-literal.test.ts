import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatArrayLiteral } from "../../../src/store/postgres/array-literal.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** Texts as PostgreSQL stores them: without NUL and halves of pairs. */
const text = fc
  .oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "NULL", "{}", 'a"b', "\\", "\n\t", "ü"),
  )
  .map((value) => value.replaceAll("\0", ""));

test("arrays of any texts reach the database as they are, beside nulls, numbers and truth values", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(text), { maxLength: 20 }),
      fc.array(fc.option(fc.integer())),
      fc.array(fc.option(fc.boolean())),
      async (texts, numbers, flags) => {
        const [row] = await database.dataSource.query<Record<string, unknown>[]>(
          "SELECT $1::text[] AS texts, $2::int[] AS numbers, $3::bool[] AS flags, cardinality($1::text[]) AS length",
          [texts, numbers, flags],
        );
        expect(row).toEqual({ texts, numbers, flags, length: texts.length });
      },
    ),
    { numRuns: 300 },
  );
});

test("documents in JSON reach the database as they are", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 5 }), async (values) => {
      const documents = values
        .map((value) => JSON.stringify(value))
        .filter((each) => !each.includes("\\u0000"));
      const [row] = await database.dataSource.query<{ documents: string[] }[]>(
        "SELECT ARRAY(SELECT d::text FROM unnest($1::json[]) AS d) AS documents",
        [documents],
      );
      expect(row?.documents).toEqual(documents);
    }),
    { numRuns: 200 },
  );
});

test("arrays of times, bytes or arrays are left to the driver", () => {
  for (const item of [new Date(0), Buffer.of(1), ["a"], undefined, {}])
    expect(formatArrayLiteral([item])).toBeNull();
});
