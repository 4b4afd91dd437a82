import { ApolloGateway } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import { composeServices } from "@theguild/federation-composition";
import { parse, type ExecutionResult } from "graphql";
import { describe, expect, test } from "vitest";
import { printGraphSchema } from "../../src/graph/print-schema.js";
import { ask } from "./support/ask.js";
import { INVENTORY_SDL, createInventory } from "./support/inventory.js";
import { mac, uuid } from "../support/builders/ids.js";
import { createMemoryReadStore, type MemoryReadStore } from "../support/builders/memory-read-store.js";
import { guestInterfaceRow, nicRow, vmRow } from "../support/builders/rows.js";

type Subgraph = (query: string, variables: Record<string, unknown>) => Promise<ExecutionResult>;
type Subgraphs = Readonly<Record<string, Subgraph>>;

interface Gateway {
  readonly query: (query: string) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

const SUPERGRAPH = composeServices([
  { name: "inventory", typeDefs: parse(INVENTORY_SDL), url: "http://inventory.example/graphql" },
  { name: "guests", typeDefs: parse(printGraphSchema("contribute")), url: "http://guests.example/graphql" },
]).supergraphSdl!;

describe.each([["Apollo's gateway", apolloGateway]])("through %s", (_name, open) => {
  test("the guests of a management graph's VMs come in one request", async () => {
    const store = createStoreOf(50);
    const { data, requests } = await through(
      open,
      store,
      "{ inventoryVms { name costCentre guestInfo { ips networkDevices { name vmNic { label } } } } }",
    );
    expect(data).toEqual({
      inventoryVms: store.vms.map(({ name }, number) => ({
        name,
        costCentre: "lab",
        guestInfo: {
          ips: ["10.0.0.1"],
          networkDevices: [{ name: "eth0", vmNic: { label: `port of nic${number}` } }],
        },
      })),
    });
    expect(requests).toBe(1);
    expect(store.calls.sort()).toEqual(["readGuestInterfacesByVms", "readNicsByVms", "readVmsByIds"]);
  });

  test("VMs and vNICs are asked for together, and cost as many reads as one", async () => {
    const store = createStoreOf(20);
    const query = `{ inventoryVms { guestInfo { fqdn } nics { label guestInterface { name } } }
      inventoryNics { guestInterfaces { name } } }`;
    const { data } = await through(open, store, query);
    expect(JSON.stringify(data).match(/eth0/g)).toHaveLength(40);
    expect(store.calls.filter((call) => call === "readGuestInterfacesByVms").length).toBeLessThanOrEqual(3);
  });

  test("a VM that we do not know keeps its name", async () => {
    const store = createStoreOf(2);
    const inventory = createInventory(store);
    store.vms.pop();
    const { data } = await through(open, store, "{ inventoryVms { name guestInfo { ips } } }", { inventory });
    expect(data).toEqual({
      inventoryVms: [
        { name: "vm-0000", guestInfo: { ips: ["10.0.0.1"] } },
        { name: "vm-0001", guestInfo: null },
      ],
    });
  });

  test("an outage of ours takes nothing from the management graph", async () => {
    const store = createStoreOf(2);
    const guests: Subgraph = () => Promise.reject(new Error("out of order"));
    const { data } = await through(open, store, "{ inventoryVms { name guestInfo { ips } } }", { guests });
    expect(data).toEqual({
      inventoryVms: [
        { name: "vm-0000", guestInfo: null },
        { name: "vm-0001", guestInfo: null },
      ],
    });
  });
});

async function through(
  open: (subgraphs: Subgraphs) => Promise<Gateway>,
  store: MemoryReadStore,
  query: string,
  others: Subgraphs = {},
) {
  let requests = 0;
  const guests: Subgraph = (text, variables) => {
    requests += 1;
    return ask(store, text, { federation: "contribute", roles: ["router"], variables });
  };
  const gateway = await open({ inventory: createInventory(store), guests, ...others });
  try {
    return { data: await gateway.query(query), requests };
  } finally {
    await gateway.stop();
  }
}

async function apolloGateway(subgraphs: Subgraphs): Promise<Gateway> {
  const gateway = new ApolloGateway({
    supergraphSdl: SUPERGRAPH,
    buildService: ({ name }) => ({
      process: async ({ request }) => {
        const result = await subgraphs[name]!(request.query ?? "", request.variables ?? {});
        return JSON.parse(JSON.stringify(result)) as object;
      },
    }),
  });
  const server = new ApolloServer({ gateway });
  await server.start();
  return {
    query: async (query) => {
      const { body } = await server.executeOperation({ query });
      return body.kind === "single" ? (JSON.parse(JSON.stringify(body.singleResult.data)) as unknown) : null;
    },
    stop: () => server.stop(),
  };
}

function createStoreOf(count: number): MemoryReadStore {
  const store = createMemoryReadStore();
  for (let number = 0; number < count; number++) {
    store.vms.push(vmRow(number));
    store.nics.push(nicRow(number, uuid(1, number)));
    store.interfaces.push(guestInterfaceRow(uuid(1, number), { macAddress: mac(number) }));
  }
  return store;
}
