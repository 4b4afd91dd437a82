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

function measured(text: string, variables = {}, by = check) {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  const operation = document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION);
  return by(document, operation!, variables);
}

const VM_WITH_EVERYTHING = `
  id name status host { name }
  guestInfo { ips fqdn stale staleReason lastReportedAt networkDevices { name macAddress ipv4Addresses ipv6Addresses } }
  nics { id name macAddress network linked guestInterface { name macAddress ipv4Addresses ipv6Addresses } }`;

describe("our own graph, within the default limits", () => {
  const examples = resolve(import.meta.dirname, "../../../../portal/examples");
  const readme = readFileSync(resolve(import.meta.dirname, "../../../../README.md"), "utf8");

  test.each(
    Object.entries<{ readonly query: string; readonly variables?: Record<string, unknown> }>({
      "the standard introspection": { query: getIntrospectionQuery() },
      "the fullest introspection": {
        query: getIntrospectionQuery({
          specifiedByUrl: true,
          directiveIsRepeatable: true,
          schemaDescription: true,
          inputValueDeprecation: true,
          oneOf: true,
        }),
      },
      ...Object.fromEntries(
        readdirSync(examples)
          .filter((name) => name.endsWith(".graphql"))
          .map((name) => [name, { query: readFileSync(join(examples, name), "utf8") }]),
      ),
      ...Object.fromEntries(
        [...readme.matchAll(/```graphql\n([^]*?)```/g)].map(([, query], at) => [
          `query ${at + 1} of the README`,
          { query: query! },
        ]),
      ),
      "a full page of VMs with everything": {
        query: `{ vms(first: 500) { nodes { ${VM_WITH_EVERYTHING} } } }`,
      },
      "5,000 entities with everything": {
        query: `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Vm { ${VM_WITH_EVERYTHING} } } }`,
        variables: { r: Array.from({ length: 5_000 }, () => ({ __typename: "Vm", id: "x" })) },
      },
    }),
  )("lets %s through", (_title, { query, variables = {} }) => {
    expect(measured(query, variables).cost).toBeLessThanOrEqual(DEFAULT_LIMITS.cost);
  });

  test.each(
    Object.entries({
      "turns in a circle": {
        query: `{ vms { nodes { ${"nics { vm { ".repeat(20)} id ${"} } ".repeat(20)} } } }`,
        code: "TOO_DEEP",
      },
      "turns in a circle just within the depth": {
        query: `{ vms(first: 500) { nodes { ${"nics { vm { ".repeat(4)} id ${"} } ".repeat(4)} } } }`,
        code: "TOO_COSTLY",
      },
      "asks for all VMs of all hosts' VMs' hosts": {
        query: "{ hosts { vms { host { vms { host { vms { nics { id } } } } } } } }",
        code: "TOO_COSTLY",
      },
      "asks for a page of a million with everything": {
        query: `{ vms(first: 1000000) { nodes { ${VM_WITH_EVERYTHING} } } }`,
        code: "TOO_COSTLY",
      },
    }),
  )("refuses a query that %s", (_title, { query, code }) => {
    expect(() => measured(query)).toThrow(
      expect.objectContaining({ extensions: expect.objectContaining({ code }) as object }),
    );
  });
});

test.each([
  ["{}", 1],
  ['{name: {eq: "a"}}', 1],
  ['{name: {startsWith: "a", contains: "b"}}', 2],
  ['{address: {inCidr: "10.0.0.0/8", family: IPV4}, status: [UP, DOWN]}', 3],
  ['{or: [{ip: "10.0.0.1"}, {stale: true}, {not: {host: {eq: "h"}}}], fqdn: null}', 3],
  [`{or: [${"{stale: true}".repeat(50)}]}`, 50],
])("each condition of a filter has its cost: %s", (filter, conditions) => {
  const all = measured("{ vms(first: 1) { nodes { id } } }", {}).cost;
  const more = measured(`{ vms(first: 1, filter: ${filter}) { nodes { id } } }`, {}).cost - all;
  expect(more).toBeCloseTo((10_000 / 20) * (1 + (conditions - 1) / 5));
  const counted = measured(`{ vms(first: 1, filter: ${filter}) { totalCount nodes { id } } }`, {}).cost;
  const allCounted = measured("{ vms(first: 1) { totalCount nodes { id } } }", {}).cost;
  expect(counted - allCounted).toBeCloseTo(more + more - 500);
  const stats = measured(`{ guestNetworkStats(by: HOST, filter: ${filter}) { groupCount } }`, {}).cost;
  expect(stats - measured("{ guestNetworkStats(by: HOST) { groupCount } }", {}).cost).toBeCloseTo(more);
});

test.each(["orderBy: PRIMARY_ADDRESS_ASC", "orderBy: $order"])(
  "an order by addresses that a source does not keep costs what is read to find them: %s",
  (order) => {
    const query =
      `query Q($order: VmOrder) { vms(first: 1, ${order}) { nodes { id } } hosts { id name status vms(first: 1) { id } } }`.replace(
        order.includes("$") ? "" : "($order: VmOrder)",
        "",
      );
    const ranking = createOperationCheck(
      schema,
      DEFAULT_LIMITS,
      createFieldEstimator(() => null, { mostVms: 5_000, digestsAStatement: 1_000, vmsAStatement: 250 }),
    );
    const variables = { order: "PRIMARY_ADDRESS_DESC" };
    const more = measured(query, variables, ranking).cost - measured(query, variables).cost;
    // Beside the VMs: one statement that finds them, 5 that look for changes, 20 that read them.
    expect(more).toBe(5_000 / 2 + 26 * 20);
    const byName = { order: "NAME_DESC" };
    if (order.includes("$")) {
      expect(measured(query, byName, ranking).cost).toBe(measured(query, byName).cost);
    }
  },
);
