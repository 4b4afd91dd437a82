import { buildSchema, execute, parse, type ExecutionResult } from "graphql";
import type { MemoryReadStore } from "../../support/builders/memory-read-store.js";

/** A management graph's own schema: it owns VMs, vNICs and their names. */
export const INVENTORY_SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Query { inventoryVms: [Vm!]! inventoryNics: [VmNic!]! }
  type Vm @key(fields: "id") { id: ID! name: String! costCentre: String nics: [VmNic!]! }
  type VmNic @key(fields: "id") { id: ID! label: String! }`;

const schema = buildSchema(`
  scalar _Any
  union _Entity = Vm | VmNic
  type Query { inventoryVms: [Vm!]! inventoryNics: [VmNic!]! _entities(representations: [_Any!]!): [_Entity]! }
  type Vm { id: ID! name: String! costCentre: String nics: [VmNic!]! }
  type VmNic { id: ID! label: String! }`);

/** Answers a gateway for the management graph, which knows the same VMs and vNICs as the store. */
export function createInventory(store: MemoryReadStore) {
  const vms = store.vms.map(({ id, name }) => ({
    __typename: "Vm",
    id,
    name,
    costCentre: "lab",
    nics: store.nics.filter((nic) => nic.vmId === id).map(createInventoryNic),
  }));
  const nics = store.nics.map(createInventoryNic);
  const entities = new Map([...vms, ...nics].map((entity) => [entity.id, entity]));
  const rootValue = {
    inventoryVms: vms,
    inventoryNics: nics,
    _entities: ({ representations }: { representations: readonly { id: string }[] }) =>
      representations.map(({ id }) => entities.get(id) ?? null),
  };
  return async (query: string, variableValues: Record<string, unknown>): Promise<ExecutionResult> =>
    execute({ schema, document: parse(query), rootValue, variableValues });
}

function createInventoryNic({ id, name }: { readonly id: string; readonly name: string }) {
  return { __typename: "VmNic", id, label: `port of ${name}` };
}
