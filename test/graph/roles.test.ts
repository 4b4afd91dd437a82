import {
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  isListType,
  getNamedType,
  isScalarType,
  isNonNullType,
  type GraphQLField,
} from "graphql";
import { describe, expect, test } from "vitest";
import type { Role } from "../../src/model/roles.js";
import { ROOT_FIELD_ROLES } from "../../src/graph/roles.js";
import { guardRootFields } from "../../src/graph/root-guard.js";
import type { Federation } from "../../src/graph/schema.js";
import { ALL_ROLES, askForErrors, getSchema } from "./support/ask.js";
import { uuid } from "../support/builders/ids.js";
import { createMemoryReadStore } from "../support/builders/memory-read-store.js";

const MAY: Record<Role, readonly Role[]> = {
  reader: ["reader", "operator"],
  operator: ["operator"],
  router: ["router"],
  metrics: ["metrics"],
};

const cases = (["off", "whole", "contribute"] as const).flatMap((federation: Federation) => {
  const schema = getSchema(federation);
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}).flatMap((field) =>
      [null, ...ALL_ROLES].map((role) => ({ federation, place: `${type!.name}.${field.name}`, field, role })),
    ),
  );
});

describe("every root field, asked with every role", () => {
  test.each(cases)("$federation: $place as $role", async ({ federation, place, field, role }) => {
    const store = createMemoryReadStore();
    const operation = place.split(".", 1)[0]!.toLowerCase();
    const roles = role === null ? [] : [role];
    const errors = await askForErrors(store, `${operation} { ${call(field)} }`, { federation, roles });
    const needed = ROOT_FIELD_ROLES[place]!;
    const refused = errors.includes(`FORBIDDEN: ${place} needs the role ${needed}`);
    expect(refused).toBe(role === null || !MAY[needed].includes(role));
    if (refused) expect(store.calls).toEqual([]);
  });

  test("names a rule for every field, and none for fields that do not exist", () => {
    expect([...new Set(cases.map(({ place }) => place))].sort()).toEqual(
      Object.keys(ROOT_FIELD_ROLES).sort(),
    );
  });
});

test("a root field without a rule does not get into a schema", () => {
  const query = new GraphQLObjectType({
    name: "Query",
    fields: { secrets: { type: new GraphQLNonNull(GraphQLInt) } },
  });
  expect(() => guardRootFields(new GraphQLSchema({ query }))).toThrow("Query.secrets has no role");
});

/** The field with some arguments and some selection, as GraphQL text. */
function call(field: GraphQLField<unknown, unknown>): string {
  const values: Record<string, string> = {
    id: `"${uuid(1, 1)}"`,
    vmId: `"${uuid(1, 1)}"`,
    address: '"h"',
    text: '"web"',
    macAddress: '"56:6f:00:00:00:01"',
    by: "HOST",
  };
  const args = field.args
    .filter((arg) => isNonNullType(arg.type))
    .map(
      (arg) =>
        `${arg.name}: ${isListType(arg.type) || arg.name === "representations" ? "[]" : values[arg.name]!}`,
    );
  const leaf = isScalarType(getNamedType(field.type)) ? "" : " { __typename }";
  return `${field.name}${args.length > 0 ? `(${args.join(", ")})` : ""}${leaf}`;
}
