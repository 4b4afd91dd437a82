// The inventory's subgraph. It belongs to another team, which owns VMs and their names, and knows nothing of guests.
// Any server for Federation 2 would do; this one is graphql-js and node:http, so that nothing is hidden.
import { createServer } from "node:http";
import { buildSchema, graphql } from "graphql";

/** The SDL that the composer reads. This subgraph owns the VMs' names; others may join by `id`. */
export const INVENTORY_SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Query { inventory: [Vm!]! }
  type Vm @key(fields: "id") { id: ID! name: String! owner: String! ports: [VmNic!]! }
  type VmNic @key(fields: "id") { id: ID! switchPort: String! }`;

const schema = buildSchema(`
  scalar _Any
  union _Entity = Vm | VmNic
  type Query { inventory: [Vm!]! _entities(representations: [_Any!]!): [_Entity]! }
  type Vm { id: ID! name: String! owner: String! ports: [VmNic!]! }
  type VmNic { id: ID! switchPort: String! }`);

/** VMs that the demonstration's cluster always has. The last one exists only in this inventory. */
const VMS = [
  describeVm("8ff49b6f-7726-4327-816c-43069c43a8c3", "web-01", "shop", {
    "7cf3c256-32b9-4240-a9d3-fb64afebede1": "rack 1, port 7",
    "1214aa18-83c4-4ffd-9020-f5bd14dcc312": "rack 1, port 8",
  }),
  describeVm("717ea1d8-6b99-462a-a7a7-44249d042b53", "docker-03", "build", {
    "52d09b6a-1e89-4cc0-bbc5-b2c88adb1b0a": "rack 2, port 1",
  }),
  describeVm("00000000-0000-4000-8000-00000000dead", "web-00", "nobody", {}),
];

const entities = new Map(VMS.flatMap((each) => [each, ...each.ports]).map((each) => [each.id, each]));
const rootValue = {
  inventory: VMS,
  _entities: ({ representations }) => representations.map(({ id }) => entities.get(id) ?? null),
};

/** Listens on a free port. Returns the server and its URL. */
export async function startInventory() {
  const server = createServer((request, response) => {
    void answer(request).then((result) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify(result));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/graphql` };
}

async function answer(request) {
  let body = "";
  for await (const chunk of request) body += chunk;
  const { query, variables, operationName } = JSON.parse(body);
  return graphql({ schema, source: query, rootValue, variableValues: variables, operationName });
}

function describeVm(id, name, owner, ports) {
  return {
    __typename: "Vm",
    id,
    name,
    owner,
    ports: Object.entries(ports).map(([nicId, switchPort]) => ({
      __typename: "VmNic",
      id: nicId,
      switchPort,
    })),
  };
}
