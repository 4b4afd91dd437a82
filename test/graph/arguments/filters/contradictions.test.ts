import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFilterTextReader } from "../../../../src/graph/arguments/filters/read-filter-text.js";
import { buildTypeGraph } from "../../../../src/graph/schema.js";
import type { TextMatch, VmSearch } from "../../../../src/loaders/rows.js";
import { FilterTextError } from "../../../../src/model/filter-text-error.js";
import { createDatabase, type TestDatabase } from "../../../support/databases/database.js";
import { HOST_A, HOST_B } from "../../../support/builders/ids.js";
import { INTERVAL_MS, writePass } from "../../../support/builders/passes.js";
import { vmState } from "../../../support/builders/stored.js";

/** Letters whose cases are not pairs: the Kelvin sign, i with and without a dot, the long s, and a Greek sigma. */
const TEXTS = [
  "a",
  "b",
  "ab",
  "A",
  "aB",
  "K",
  "\u212A",
  "i",
  "I",
  "\u0131",
  "\u0130",
  "\u017F",
  "s",
  "\u03C3",
];
const HOSTS = [
  { id: HOST_A, name: "ab", host: "b", port: 54321 },
  { id: HOST_B, name: "I", host: "a", port: 54321 },
];

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  const half = TEXTS.length;
  await writePass(database.store, HOST_A, {
    newVms: TEXTS.map((name, at) => vmState(at, { name, fqdn: TEXTS.at(at - 1) ?? null })),
  });
  await writePass(database.store, HOST_B, {
    newVms: TEXTS.map((name, at) => vmState(half + at, { name: `${name}a`, fqdn: null, ownerId: HOST_B })),
  });
});
afterAll(() => database.drop());

const text = fc.constantFrom(...TEXTS);
const key = fc.constantFrom("name" as const, "name" as const, "fqdn" as const, "host" as const);
const single = fc.oneof(
  fc.record({ eq: text }),
  fc.record({ contains: text }),
  fc.record({ startsWith: text }),
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    key,
    isWanted: fc.constant(true),
    texts: fc.record({ eq: text, contains: text, startsWith: text }),
  }),
  fc.record({ key, isWanted: fc.constant(true), texts: single }),
  // Texts that do not fit are refused inside a NOT, too, although others are then found.
  fc.record({ key, isWanted: fc.constant(false), texts: single }),
);

interface Condition {
  readonly key: "name" | "fqdn" | "host";
  readonly isWanted: boolean;
  readonly texts: { readonly eq?: string; readonly contains?: string; readonly startsWith?: string };
}

test("a filter that is refused for its texts finds no VM, whatever letters they have", async () => {
  const refused = { in: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(condition, { minLength: 1, maxLength: 4 }), async (conditions) => {
      const message = refuse(conditions);
      if (message === null) return;
      refused.in += 1;
      const search: VmSearch = { kind: "and", parts: conditions.map(toSearch) };
      expect(await database.store.countVms({ search }), message).toBe(0);
    }),
    { numRuns: 1_000 },
  );
  expect(refused.in).toBeGreaterThan(200);
});

const readFilter = createFilterTextReader(buildTypeGraph);

/** Returns why the filter is refused; `null`: it is not. */
function refuse(conditions: readonly Condition[]): string | null {
  const and = conditions.map(({ key: field, isWanted, texts }) =>
    isWanted ? { [field]: texts } : { not: { [field]: texts } },
  );
  try {
    readFilter(JSON.stringify({ and }), []);
    return null;
  } catch (error) {
    if (error instanceof FilterTextError) return error.message;
    throw error;
  }
}

function toSearch({ key: field, isWanted, texts: { eq, contains, startsWith } }: Condition): VmSearch {
  const patterns = [
    ...(eq === undefined ? [] : [[eq]]),
    ...(contains === undefined ? [] : [["", contains, ""]]),
    ...(startsWith === undefined ? [] : [[startsWith, ""]]),
  ];
  const parts = patterns.map((each): VmSearch => ({ kind: "text", key: field, match: toMatch(each) }));
  // A host has two texts, and one of them must meet all.
  const match = patterns.reduceRight<TextMatch | undefined>(
    (also, each) => ({ ...toMatch(each), ...(also && { also }) }),
    undefined,
  );
  const all: VmSearch =
    field === "host" ? { kind: "text", key: field, match: match! } : { kind: "and", parts };
  return isWanted ? all : { kind: "not", part: all };
}

function toMatch(parts: readonly string[]): TextMatch {
  return { parts, ignoreCase: true };
}
