import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { getIntrospectionQuery, Kind, parse, validate } from "graphql";
import { describe, expect, test } from "vitest";
import { createFieldEstimator } from "../../../../src/graph/estimates/estimate-field.js";
import { buildGraphSchema } from "../../../../src/graph/schema.js";
import { createOperationCheck } from "../../../../src/server/graphql/cost/check-operation.js";
import { DEFAULT_LIMITS } from "../../../../src/model/limits.js";

const schema = buildGraphSchema({ federation: "whole" });
const check = createOperationCheck(
  schema,
  DEFAULT_LIMITS,
  createFieldEstimator(() => null),
);

function measured(text: string, variables = {}) {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  const operation = document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION);
  return check(document, operation!, variables);
}

const VM_WITH_EVERYTHING = `
  id name status host { name }
  guestInfo { ips fqdn stale staleReason lastReportedAt networkDevices { name macAddress ipv4Addresses ipv6Addresses } }
  nics { id name macAddress network linked guestInterface { name macAddress ipv4Addresses ipv6Addresses } }`;

describe("our own graph, within the default limits", () => {
  const examples = resolve(import.meta.dirname, "../../../../portal/examples");
  const readme = readFileSync(resolve(import.meta.dirname, "../../../../README.md"), "utf8");

  test.each<[string, string, Record<string, unknown>]>([
    ["the standard introspection", getIntrospectionQuery(), {}],
    [
      "the fullest introspection",
      getIntrospectionQuery({
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        schemaDescription: true,
        inputValueDeprecation: true,
        oneOf: true,
      }),
      {},
    ],
    ...readdirSync(examples)
      .filter((name) => name.endsWith(".graphql"))
      .map(
        (name) =>
          [name, readFileSync(join(examples, name), "utf8"), {}] as [string, string, Record<string, unknown>],
      ),
    ...[...readme.matchAll(/```graphql\n([^]*?)```/g)].map(
      ([, query], at) =>
        [`query ${at + 1} of the README`, query!, {}] as [string, string, Record<string, unknown>],
    ),
    ["a full page of VMs with everything", `{ vms(first: 500) { nodes { ${VM_WITH_EVERYTHING} } } }`, {}],
    [
      "5,000 entities with everything",
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Vm { ${VM_WITH_EVERYTHING} } } }`,
      { r: Array.from({ length: 5_000 }, () => ({ __typename: "Vm", id: "x" })) },
    ],
  ])("lets %s through", (_title, query, variables) => {
    expect(measured(query, variables).cost).toBeLessThanOrEqual(DEFAULT_LIMITS.cost);
  });

  test.each([
    [
      "turns in a circle",
      `{ vms { nodes { ${"nics { vm { ".repeat(20)} id ${"} } ".repeat(20)} } } }`,
      "TOO_DEEP",
    ],
    [
      "turns in a circle just within the depth",
      `{ vms(first: 500) { nodes { ${"nics { vm { ".repeat(4)} id ${"} } ".repeat(4)} } } }`,
      "TOO_COSTLY",
    ],
    [
      "asks for all VMs of all hosts' VMs' hosts",
      "{ hosts { vms { host { vms { host { vms { nics { id } } } } } } } }",
      "TOO_COSTLY",
    ],
    [
      "asks for a page of a million with everything",
      `{ vms(first: 1000000) { nodes { ${VM_WITH_EVERYTHING} } } }`,
      "TOO_COSTLY",
    ],
  ])("refuses a query that %s", (_title, query, code) => {
    expect(() => measured(query)).toThrow(
      expect.objectContaining({ extensions: expect.objectContaining({ code }) as object }),
    );
  });
});
