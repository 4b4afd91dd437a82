import { composeServices as composeWithApollo } from "@apollo/composition";
import { composeServices as composeWithGuild } from "@theguild/federation-composition";
import { execute, parse, validate, type OperationDefinitionNode } from "graphql";
import { describe, expect, test } from "vitest";
import { createFieldEstimator } from "../../../src/graph/estimates/estimate-field.js";
import { estimateRenamed } from "../../../src/graph/estimates/estimate-renamed.js";
import type { GraphContext } from "../../../src/graph/context.js";
import { printGraphSchema } from "../../../src/graph/print-schema.js";
import { buildGraphSchema } from "../../../src/graph/schema.js";
import { createLoaders } from "../../../src/loaders/loaders.js";
import { OWN_NAMES, type SubgraphNames } from "../../../src/model/subgraph-names.js";
import { estimateCost } from "../../../src/server/graphql/cost/estimate-cost.js";
import { mac, uuid } from "../../support/builders/ids.js";
import { createMemoryReadStore } from "../../support/builders/memory-read-store.js";
import { guestInterfaceRow, nicRow, vmRow } from "../../support/builders/rows.js";

const NAMES: SubgraphNames = {
  prefix: "Guest",
  entities: { Vm: { type: "VirtualMachine", key: "uuid" }, VmNic: { type: "Nic", key: "nicId" } },
};

/** A graph that has taken most of our names for other things, and calls VMs and vNICs its own way. */
const OWNER = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Query { machines: [VirtualMachine!]! switches: [NetworkDevice!]! }
  type VirtualMachine @key(fields: "uuid") { uuid: ID! label: String! nics: [Nic!]! }
  type Nic @key(fields: "nicId") { nicId: ID! }
  type NetworkDevice { serial: String! vendor: String! }
  type GuestInfo { seats: Int! }
  type PrimaryAddress { street: String! }
  type Vm { horsepower: Int! }
  enum StaleReason { BREAD }
  enum IP { RATING_67 RATING_68 }
  enum MAC { LIPSTICK }`;

const GUESTS = printGraphSchema("contribute", NAMES);

describe.each([
  ["Apollo", composeWithApollo],
  ["The Guild", composeWithGuild],
] as const)("%s's composer", (_name, compose) => {
  const services = (guests: string) =>
    Object.entries({ owner: OWNER, guests }).map(([name, sdl]) => ({
      name,
      typeDefs: parse(sdl),
      url: `http://${name}`,
    }));

  test("joins our guests to a graph that has taken our names", () => {
    const { errors, supergraphSdl = "" } = compose(services(GUESTS));
    expect(errors ?? []).toEqual([]);
    expect(supergraphSdl).toMatch(/guestInfo\([^)]*\): GuestGuestInfo @join__field\(graph: GUESTS\)/);
    expect(supergraphSdl).toMatch(/type VirtualMachine[^{]*@join__type\(graph: GUESTS, key: "uuid"\)/);
  });

  test("refuses them under our own names, which shows that the owner's are in the way", () => {
    expect(compose(services(printGraphSchema("contribute"))).errors).not.toEqual(undefined);
  });
});

test("every type but the entities has the prefix, scalars and enums too, and other schemas keep their names", () => {
  const types = [...GUESTS.matchAll(/^(?:type|enum|scalar|input) (\w+)/gm)].map(([, name]) => name);
  expect(types.filter((name) => !name!.startsWith("Guest"))).toEqual(["Nic", "VirtualMachine"]);
  expect(GUESTS).toContain('type Nic @key(fields: "nicId") {');
  expect(GUESTS).not.toMatch(/\bid: ID!/);
  const untouched = printGraphSchema("contribute");
  expect(untouched).toContain('type Vm @key(fields: "id") {');
  expect(untouched).not.toContain("GuestGuestInfo");
  expect(printGraphSchema("contribute", OWN_NAMES)).toBe(untouched);
  expect(printGraphSchema("whole", NAMES)).toBe(printGraphSchema("whole"));
});

const QUESTION = `query ($keys: [_Any!]!) { _entities(representations: $keys) { __typename
  ... on VirtualMachine { uuid guestInfo { __typename ips networkDevices { macAddress vmNic { nicId } } } }
  ... on Nic { nicId guestInterface { name } } } }`;

const keys = [
  { __typename: "VirtualMachine", uuid: uuid(1, 1) },
  { __typename: "Nic", nicId: uuid(2, 1) },
  { __typename: "VirtualMachine", id: uuid(1, 1) },
  { __typename: "Vm", id: uuid(1, 1) },
];

test("a gateway is answered by the owner's names and keys, and by no others", async () => {
  const store = createMemoryReadStore();
  store.vms.push(vmRow(1));
  store.nics.push(nicRow(1, uuid(1, 1)));
  store.interfaces.push(guestInterfaceRow(uuid(1, 1)));
  const schema = buildGraphSchema({ federation: "contribute", names: NAMES });
  const document = parse(QUESTION);
  expect(validate(schema, document)).toEqual([]);
  const contextValue: GraphContext = {
    loaders: createLoaders(store),
    viewer: { name: "gateway", roles: new Set(["router"]) },
    followGuests: null,
    followHosts: null,
    hostAdmin: null,
  };
  const { data, errors } = await execute({ schema, document, contextValue, variableValues: { keys } });
  expect(JSON.parse(JSON.stringify(data))).toEqual({
    _entities: [
      {
        __typename: "VirtualMachine",
        uuid: uuid(1, 1),
        guestInfo: {
          __typename: "GuestGuestInfo",
          ips: ["10.0.0.1"],
          networkDevices: [{ macAddress: mac(1), vmNic: { nicId: uuid(2, 1) } }],
        },
      },
      { __typename: "Nic", nicId: uuid(2, 1), guestInterface: { name: "eth0" } },
      null,
      null,
    ],
  });
  expect(errors?.map(({ message }) => message)).toEqual([
    "representations: this subgraph has the entities VirtualMachine and Nic only",
  ]);
});

test("an operation costs what it costs under our own names", () => {
  const own = `query ($keys: [_Any!]!) { _entities(representations: $keys) { __typename
    ... on Vm { id guestInfo { __typename ips networkDevices { macAddress vmNic { id } } } }
    ... on VmNic { id guestInterface { name } } } }`;
  const ownKeys = keys.map(({ __typename, ...key }) => ({
    __typename: __typename === "Nic" ? "VmNic" : "Vm",
    id: Object.values(key)[0],
  }));
  const many = (each: readonly object[]) => Array.from({ length: 500 }, () => each).flat();
  const estimate = (question: string, representations: readonly object[], names: SubgraphNames) =>
    estimateCost(parse(question).definitions[0] as OperationDefinitionNode, {
      schema: buildGraphSchema({ federation: "contribute", names }),
      fragments: new Map(),
      variables: { keys: many(representations) },
      estimateField: estimateRenamed(
        createFieldEstimator(() => null),
        names,
      ),
    });
  expect(estimate(QUESTION, keys.slice(0, 2), NAMES)).toEqual(estimate(own, ownKeys.slice(0, 2), OWN_NAMES));
});
