import { buildSchema } from "graphql";
import { expect, test } from "vitest";
import { buildGraphSchema } from "../../../src/graph/schema.js";
import { served } from "../running.js";

const schema = buildSchema(`
  type Query { vms(first: Int, range: Range, filter: VmFilter, kinds: [Kind!]): ID }
  input VmFilter { address: AddressFilter, and: [VmFilter!] }
  input AddressFilter { eq: Int!, anyOf: [Int!] }
  input Range { from: Int!, to: Int! }
  enum Kind { BOND }
`);

test.each([
  ['{ vms(first: "many") }', 'first: Int cannot represent non-integer value: "many"'],
  [
    "{ vms(filter: { address: { eq: 1.5 } }) }",
    "filter.address.eq: Int cannot represent non-integer value: 1.5",
  ],
  [
    "{ vms(filter: { and: [{ address: { eq: 1, anyOf: [2, true] } }] }) }",
    "filter.and.address.anyOf: Int cannot represent non-integer value: true",
  ],
  ["{ vms(kinds: [BOND, VLAN]) }", 'kinds: Value "VLAN" does not exist in "Kind" enum.'],
  [
    "{ vms(filter: { address: {} }) }",
    'filter.address: Field "AddressFilter.eq" of required type "Int!" was not provided.',
  ],
  [
    "query ($count: Int = true) { vms(first: $count) }",
    "$count: Int cannot represent non-integer value: true",
  ],
  [
    "fragment All on Query { vms(first: false) } { ...All }",
    "first: Int cannot represent non-integer value: false",
  ],
  // What is wrong with something else than a value has no such place.
  ["{ vms(last: 1) }", 'Unknown argument "last" on field "Query.vms".'],
])("%s is refused with the place of the value: %s", async (query, message) => {
  const server = await served({ schema });
  const { body } = await server.post(query);
  expect(body.errors?.map((error) => [error.message, error.extensions.code])).toEqual([
    [message, "GRAPHQL_VALIDATION_FAILED"],
  ]);
});

test("each of several wrong values has its own place, and so has each error of one value", async () => {
  const server = await served({ schema });
  const { body } = await server.post(
    '{ a: vms(first: "1") b: vms(filter: { address: { eq: "2" } }) c: vms(range: {}) }',
  );
  expect(body.errors?.map(({ message }) => message.split(": ")[0])).toEqual([
    "first",
    "filter.address.eq",
    "range",
    "range",
  ]);
});

test.each([
  [
    'guestAddresses(inCidr: "10.0.0.1/8")',
    'inCidr: "10.0.0.1/8" has bits behind its length; the network is 10.0.0.0/8',
  ],
  ['vms(filter: { or: [{ ip: "10.0.0" }] })', 'filter.or.ip: "10.0.0" is not a valid IP address'],
])("the graph's own scalars name the place once: %s", async (field, message) => {
  const server = await served({ schema: buildGraphSchema({ federation: "off" }) });
  const { body } = await server.post(`{ ${field} { totalCount } }`);
  expect(body.errors?.map((error) => error.message)).toEqual([message]);
});
