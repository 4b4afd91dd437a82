import { readFileSync } from "node:fs";
import {
  buildSchema,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  type GraphQLObjectType,
} from "graphql";
import { expect, test } from "vitest";

/** docs/clients.md lists types for caches and generators: a type that is missing there is found by a client's user alone. */

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read("docs/clients.md");
const schema = buildSchema(read("schema.graphql"));
const ROOTS = ["Query", "Mutation", "Subscription"];
const types = Object.values(schema.getTypeMap())
  .filter(isObjectType)
  .filter(({ name }) => !name.startsWith("__") && !ROOTS.includes(name));
const hasId = (type: GraphQLObjectType) => type.getFields()["id"] !== undefined;

/**
 * Types below a type that a cache keeps, which stand alone there. A later answer replaces them or is merged into them.
 */
function findReplaced(from: GraphQLObjectType, found: Set<string> = new Set()): Set<string> {
  for (const { type } of Object.values(from.getFields())) {
    const below = getNamedType(type);
    if (isListType(getNullableType(type)) || !isObjectType(below) || hasId(below) || found.has(below.name))
      continue;
    found.add(below.name);
    findReplaced(below, found);
  }
  return found;
}

test("graphcache is told of every type that has no id, and of no other", () => {
  const listed = [...page.matchAll(/\b(\w+): none\b/g)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual(
    types
      .filter((type) => !hasId(type))
      .map(({ name }) => name)
      .toSorted(),
  );
});

test("Apollo Client is told of every type without an id that a later answer may replace", () => {
  const listed = [...page.matchAll(/^ {4}(\w+): \{ (?:keyFields: false, )?merge: (?:true|false) \},$/gm)].map(
    ([, name]) => name,
  );
  const cached = [schema.getQueryType()!, ...types.filter(hasId)];
  const replaced = new Set(cached.flatMap((type) => [...findReplaced(type)]));
  expect(listed.toSorted()).toEqual([...replaced].toSorted());
});

test("generators are told of every scalar", () => {
  const scalars = Object.values(schema.getTypeMap())
    .filter((type) => isScalarType(type) && !isSpecifiedScalarType(type))
    .map(({ name }) => name)
    .toSorted();
  const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name).filter((name) => name !== "ID");
  expect(rows.toSorted()).toEqual(scalars);
  const [, mapped = ""] = /^ {2}scalars: \{ (.*) \}$/m.exec(page) ?? [];
  expect(
    mapped
      .split(", ")
      .map((each) => each.split(": ")[0])
      .toSorted(),
  ).toEqual(scalars);
});
