import { readFileSync } from "node:fs";
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  validateSchema,
} from "graphql";
import { describe, expect, test } from "vitest";
import { LIST_SIZES, findListSize } from "../../src/graph/estimates/list-sizes.js";
import { printGraphSchema } from "../../src/graph/print-schema.js";
import { getSchema } from "./support/ask.js";

const shapes = ["off", "whole", "contribute"] as const;

interface Part {
  readonly name: string;
  readonly description?: string | null | undefined;
}

test("schema.graphql is what the code says; if not, run `npm run schema`", () => {
  expect(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8")).toBe(printGraphSchema());
});

test("the printed schema is sorted, stands alone and is the same on every run", () => {
  expect(printGraphSchema()).toBe(printGraphSchema());
  expect(validateSchema(buildSchema(printGraphSchema()))).toEqual([]);
});

describe.each(shapes)("the schema with federation %s", (shape) => {
  const types = Object.values(getSchema(shape).getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );

  test("is valid", () => {
    expect(validateSchema(getSchema(shape))).toEqual([]);
  });

  test("says what everything means", () => {
    const parts = types.flatMap((type): Part[] => {
      const fields =
        isObjectType(type) || isInputObjectType(type) ? Object.values<Part>(type.getFields()) : [];
      const args = isObjectType(type) ? Object.values(type.getFields()).flatMap((field) => field.args) : [];
      const values = isEnumType(type) ? type.getValues() : [];
      const inside: readonly Part[] = [...fields, ...args, ...values];
      return [
        type,
        ...inside.map(({ name, description }) => ({ name: `${type.name}.${name}`, description })),
      ];
    });
    expect(parts.filter((part) => !part.description).map((part) => part.name)).toEqual([]);
  });

  test("lets nothing of ours null what others answer in the same graph", () => {
    const shared = types
      .filter(isObjectType)
      .filter(({ name }) => ["Query", "Mutation", "Vm", "VmNic"].includes(name))
      .flatMap((type) =>
        Object.values(type.getFields()).map((field) => ({ field, place: `${type.name}.${field.name}` })),
      );
    const never = shared.filter(({ field }) => isNonNullType(field.type)).map(({ place }) => place);
    const keys = ["Vm.id", "VmNic.id"];
    expect(new Set(never)).toEqual(
      new Set(shape === "off" ? keys : ["Query._service", "Query._entities", ...keys]),
    );
  });

  test("knows a size for every list, so that a query's cost can be told", () => {
    const lists = types
      .filter(isObjectType)
      .flatMap((type) =>
        Object.values(type.getFields()).map((field) => ({ field, place: `${type.name}.${field.name}` })),
      )
      .filter(({ field }) => isListType(isNonNullType(field.type) ? field.type.ofType : field.type))
      .map(({ place }) => place);
    expect(lists.filter((place) => !(place in LIST_SIZES))).toEqual([]);
  });
});

test.each([
  ["Query", "vms", {}, 50],
  ["Query", "vms", { first: 500 }, 500],
  ["Query", "vms", { first: null }, 50],
  ["Host", "vms", {}, 50],
  ["Host", "vms", { first: 7 }, 7],
  ["Query", "_entities", { representations: [1, 2, 3] }, 3],
  ["Vm", "nics", {}, 4],
  ["Vm", "name", {}, 1],
])("the size of %s.%s(%j) is %d", (type, field, args, size) => {
  expect(findListSize(type, field, args)).toBe(size);
});
