import fc from "fast-check";
import { expect, test } from "vitest";
import { writeJson } from "../../../src/server/graphql/write-json.js";

/** Texts that are long enough for a piece of their own come together with values of every kind, as an answer may hold them. */
const VALUES = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.integer({ min: 0, max: 6_000 }).map((length) => "ü".repeat(length)),
    fc.constantFrom(undefined, null, true, 0.1, Number.NaN, new Date(0), { toJSON: () => [1] }, () => 1),
    fc.array(tie("value"), { maxLength: 12 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 12, noNullPrototype: false }),
  ),
})).value;

const RUNS = 500;

test(`what is written in pieces has the bytes of JSON.stringify: ${RUNS} random values`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(VALUES, { minLength: 1, maxLength: 20 }), async (data) => {
      const result = { errors: undefined, data };
      expect(await writeJson(result, () => undefined)).toBe(JSON.stringify(result));
    }),
    { numRuns: RUNS, seed: 20261129 },
  );
});

test("others may have a turn after every few kilobytes, whatever the shape of an answer", async () => {
  const row = { id: "0".repeat(36), ips: ["10.1.2.3", "fe80::1"] };
  const rows = Array.from({ length: 20_000 }, () => ({ ...row }));
  const byName = Object.fromEntries(rows.map((each, at) => [`vm${at}`, each]));
  for (const data of [rows, byName, deepen(rows.slice(0, 500), 12), { toJSON: 1, b: { c: rows } }]) {
    let turns = 0;
    const text = await writeJson({ data }, () => {
      turns += 1;
      return undefined;
    });
    expect(turns * 4_096).toBeGreaterThanOrEqual(text.length);
  }
});

/** Nests objects; each level holds the rows and the level below. */
function deepen(rows: readonly object[], levels: number): object {
  return levels === 0 ? { rows } : { rows, below: deepen(rows, levels - 1) };
}
