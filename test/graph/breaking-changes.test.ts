import { readFileSync } from "node:fs";
import { buildSchema, findBreakingChanges } from "graphql";
import { expect, test } from "vitest";
import { printGraphSchema } from "../../src/graph/print-schema.js";

/**
 * A copy of the schema that clients rely on. It grows: after a release, add what the release added. What stands in it
 * changes only with a major version.
 */
const landed = readFileSync(new URL("landed-schema.graphql", import.meta.url), "utf8");

test("the schema takes nothing away from the clients of the landed one, and asks no more of them", () => {
  expect(findBreakingChanges(buildSchema(landed), buildSchema(printGraphSchema()))).toEqual([]);
});

test("a field that is taken away or an argument that becomes necessary is found", () => {
  const changed = printGraphSchema()
    .replace(/^ {2}ips: \[IP!\]$/m, "  others: [IP!]")
    .replace("refreshHost(", "refreshHost(why: String!,");
  const kinds = findBreakingChanges(buildSchema(landed), buildSchema(changed)).map(({ type }) => type);
  expect(kinds.toSorted()).toEqual(["FIELD_REMOVED", "REQUIRED_ARG_ADDED"]);
});
