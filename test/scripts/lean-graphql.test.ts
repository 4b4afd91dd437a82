import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import fc from "fast-check";
import type * as graphql from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";

type GraphQL = typeof graphql;

let folder: string;
let answerAsIs: Answer;
let answerLean: Answer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vnic-graph-test-"));
  const script = new URL("../../scripts/lean-graphql.mjs", import.meta.url).href;
  const { leanGraphql } = (await import(/* @vite-ignore */ script)) as { readonly leanGraphql: Plugin };
  answerAsIs = createAnswer(await bundle("as-is", []));
  answerLean = createAnswer(await bundle("lean", [leanGraphql]));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the bundle's graphql-js answers operations as graphql-js does, with the same errors in the same order", async () => {
  let withErrors = 0;
  await fc.assert(
    fc.asyncProperty(fc.letrec(buildSelections).selection, async (selection) => {
      const asIs = await answerAsIs(selection);
      expect(await answerLean(selection)).toBe(asIs);
      if (asIs.startsWith('{"errors"')) withErrors += 1;
    }),
    { numRuns: 300, seed: 20261129 },
  );
  expect(withErrors).toBeGreaterThan(30);
  expect(await readFile(join(folder, "lean.mjs"), "utf8")).toContain("new Selected()");
  expect(await readFile(join(folder, "as-is.mjs"), "utf8")).not.toContain("new Selected()");
});

/** Executes a query, and returns the answer as JSON. */
type Answer = (selection: string) => Promise<string>;

const FIELDS = [
  "now",
  "later",
  "wrong",
  "wrongLater",
  "none",
  "args",
  "args(a: 1)",
  'args(b: "x")',
  "must",
  "mustLater",
];
const LINKS = [
  "one",
  "oneLater",
  "oneMust",
  "many",
  "manyLater",
  "manyMust",
  "manyOfPromises",
  "manyInSet",
  "noList",
];
/** Names that objects inherit, and the one by which promises are known. */
const ALIASES = ["", "", "", "a: ", "then: ", "__proto__: ", "constructor: ", "toString: "];

function buildSelections(tie: fc.LetrecTypedTie<{ selection: string }>) {
  const alias = fc.constantFrom(...ALIASES);
  const field = fc.tuple(alias, fc.constantFrom(...FIELDS)).map((parts) => parts.join(""));
  const link = fc
    .tuple(alias, fc.constantFrom(...LINKS), tie("selection"))
    .map(([name, each, below]) => `${name}${each} ${below}`);
  const selection = fc
    .array(fc.oneof({ depthSize: "small", withCrossShrink: true }, field, link), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) => `{ ${parts.join(" ")} }`);
  return { selection };
}

/** Creates what executes queries about things whose fields fail, are null or come later. */
function createAnswer({ buildSchema, execute, parse }: GraphQL): Answer {
  const schema = buildSchema(`
    type Query {
      now: String, later: String, wrong: String, wrongLater: String, none: String, args(a: Int = 3, b: String): String
      must(x: Int): String!, mustLater: String!
      one: Query, oneLater: Query, oneMust: Query!
      many: [Query], manyLater: [Query], manyMust: [Query]!, manyOfPromises: [Query!], manyInSet: [Query], noList: [Query]
    }`);
  const things = (depth: number) => [createThing(depth + 1), null, createThing(depth + 2)];
  const createThing = (depth: number): object => ({
    now: `now ${depth}`,
    later: () => Promise.resolve(`later ${depth}`),
    wrong: () => {
      throw new Error(`wrong ${depth}`);
    },
    wrongLater: () => Promise.reject(new Error(`wrong later ${depth}`)),
    none: null,
    args: (args: object) => JSON.stringify(args),
    must: depth % 3 === 2 ? null : "must",
    mustLater: () => Promise.resolve(depth % 3 === 1 ? null : "must later"),
    one: () => createThing(depth + 1),
    oneLater: () => Promise.resolve(createThing(depth + 1)),
    oneMust: () => createThing(depth + 1),
    many: () => things(depth),
    manyLater: () => Promise.resolve(things(depth)),
    manyMust: () => things(depth).filter((each) => each !== null),
    manyOfPromises: () => things(depth).map((each) => Promise.resolve(each)),
    manyInSet: () => new Set(things(depth)),
    noList: () => "no list",
  });
  return async (selection) =>
    JSON.stringify(await execute({ schema, document: parse(selection), rootValue: createThing(0) }));
}

async function bundle(name: string, plugins: Plugin[]): Promise<GraphQL> {
  const { outputFiles } = await build({
    stdin: {
      contents: 'export { buildSchema, execute, parse } from "graphql";',
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    plugins,
  });
  const file = join(folder, `${name}.mjs`);
  await writeFile(file, outputFiles[0]!.contents);
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as GraphQL;
}
