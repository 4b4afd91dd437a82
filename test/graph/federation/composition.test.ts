import { composeServices as composeWithApollo } from "@apollo/composition";
import { composeServices as composeWithGuild } from "@theguild/federation-composition";
import { parse } from "graphql";
import { describe, expect, test } from "vitest";
import { printGraphSchema } from "../../../src/graph/print-schema.js";

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])';

/** A management graph that owns VMs and their names, written without a thought of ours. */
const OWNER = `${LINK}
  type Query { vms: [Vm!]! vm(id: ID!): Vm hosts: [Host!]! }
  type Mutation { addHost(name: String!): Host }
  type Vm @key(fields: "id") { id: ID! name: String! status: Int! host: Host nics: [VmNic!]! }
  type VmNic @key(fields: "id") { id: ID! name: String! macAddress: String! vm: Vm! }
  type Host { name: String! }
  scalar DateTime`;

/** A team that knows VMs by id, and vNICs by VM and MAC only. */
const NEIGHBOUR = `${LINK}
  scalar MAC
  type Query { racks: [Rack!]! }
  type Rack { vms: [Vm!]! ports: [VmNic!]! }
  type Vm @key(fields: "id") { id: ID! costCentre: String }
  type VmNic @key(fields: "macAddress vm { id }") { macAddress: MAC vm: Vm switchPort: String }
  type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }`;

const composers = {
  Apollo: (sdls: Record<string, string>) =>
    compose(
      composeWithApollo(
        listServices(sdls).map(({ name, typeDefs }) => ({ name, typeDefs, url: `http://${name}` })),
      ),
    ),
  "The Guild": (sdls: Record<string, string>) => compose(composeWithGuild(listServices(sdls))),
};

describe.each(Object.entries(composers))("%s's composer", (_name, compose) => {
  test("joins our guests to a management graph as it is", () => {
    const { errors, supergraph } = compose({ owner: OWNER, guests: printGraphSchema("contribute") });
    expect(errors).toEqual([]);
    expect(supergraph).toMatch(/guestInfo\([^)]*\): GuestInfo @join__field\(graph: GUESTS\)/);
    expect(supergraph).toContain("name: String! @join__field(graph: OWNER)");
    expect(supergraph).toContain("guestInterfaces: [NetworkDevice!] @join__field(graph: GUESTS)");
  });

  test("joins a neighbour to the whole graph, by ids and by MACs", () => {
    const { errors, supergraph } = compose({ neighbour: NEIGHBOUR, guests: printGraphSchema("whole") });
    expect(errors).toEqual([]);
    expect(supergraph).toContain('@join__type(graph: GUESTS, key: "macAddress vm { id }")');
  });

  test("takes either alone", () => {
    expect(compose({ guests: printGraphSchema("whole") }).errors).toEqual([]);
  });

  test("says that the whole graph and a management graph cannot both own VMs", () => {
    expect(compose({ owner: OWNER, guests: printGraphSchema("whole") }).errors.join("\n")).toContain(
      "Vm.name",
    );
  });
});

function listServices(sdls: Record<string, string>) {
  return Object.entries(sdls).map(([name, sdl]) => ({ name, typeDefs: parse(sdl) }));
}

function compose(result: { errors?: readonly Error[] | undefined; supergraphSdl?: string | undefined }) {
  return {
    errors: (result.errors ?? []).map((error) => error.message),
    supergraph: result.supergraphSdl ?? "",
  };
}
