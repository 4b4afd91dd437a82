import { createFieldEstimator } from "../../src/graph/estimates/estimate-field.js";
import { printGraphSchema } from "../../src/graph/print-schema.js";
import { buildGraphSchema } from "../../src/graph/schema.js";
import type { SubgraphShape } from "../../src/graph/federation/federation.js";
import { createLoaders } from "../../src/loaders/loaders.js";
import type { ServerOptions } from "../../src/server/options.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { executable, startSubgraph, type Subgraph } from "./subgraph.js";
import { mac, HOST_A, id } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic, vmState } from "../support/builders/stored.js";

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])';

/** The inventory beside each shape: it owns VMs and their names, or adds to ours what they cost. */
const INVENTORY: Readonly<Record<SubgraphShape, string>> = {
  contribute: `${LINK}
    type Query { inventoryVms(first: Int!): [Vm!]! inventoryNics(first: Int!): [VmNic!]! }
    type Vm @key(fields: "id") { id: ID! name: String! costCentre: String }
    type VmNic @key(fields: "id") { id: ID! label: String! }`,
  whole: `${LINK}
    type Query { inventoryVms(first: Int!): [Vm!]! inventoryNics(first: Int!): [VmNic!]! }
    type Vm @key(fields: "id") { id: ID! costCentre: String }
    type VmNic @key(fields: "id") { id: ID! label: String! }`,
};

/** A database of `count` VMs with a vNIC and two guest interfaces each. */
export async function createSiteDatabase(count: number): Promise<TestDatabase> {
  const database = await createDatabase();
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  await writePass(database.store, HOST_A, {
    newVms: numbers.map((number) => vmState(number, { ips: addressOf(number) })),
    upsertedNics: numbers.map((number) => toStoredNic(number, number, { macAddress: mac(number) })),
    insertedInterfaces: numbers.flatMap((number) => [
      toGuestInterfaceOf(number, { macAddress: mac(number), ipv4Addresses: [addressOf(number)] }),
      toGuestInterfaceOf(number, { name: "docker0", macAddress: null, ipv4Addresses: ["172.17.0.1"] }),
    ]),
  });
  return database;
}

/** The address of a VM's eth0. */
export function addressOf(number: number): string {
  return `10.0.${number >> 8}.${number & 255}`;
}

/** Our subgraph, as the gateway puts it together, on a real database. */
export function startGuests(
  shape: SubgraphShape,
  database: TestDatabase,
  options: Partial<ServerOptions> = {},
): Promise<Subgraph> {
  return startSubgraph("guests", printGraphSchema(shape), buildGraphSchema({ federation: shape }), {
    contextFor: (viewer, { whenIdle }) => ({
      loaders: createLoaders(database.store.createReaderFor(viewer.scope), {
        ...(whenIdle === undefined ? {} : { whenIdle }),
      }),
      viewer,
      hostAdmin: null,
    }),
    estimateField: createFieldEstimator(() => null),
    ...options,
  });
}

/** The other team's subgraph. It lists `extraIds` before the VMs that we know, too. */
export function startInventory(shape: SubgraphShape, extraIds: readonly string[] = []): Promise<Subgraph> {
  const createSiteVm = (vmId: string) => ({
    id: vmId,
    name: `name of ${vmId}`,
    costCentre: `centre of ${vmId}`,
  });
  const createSiteNic = (nicId: string) => ({ id: nicId, label: `port of ${nicId}` });
  const first = (args: Record<string, unknown>, idOf: (number: number) => string) =>
    Array.from({ length: Number(args["first"]) }, (_, index) => idOf(index + 1));
  const schema = executable(
    INVENTORY[shape],
    {
      Query: {
        inventoryVms: (_source, args) => [...extraIds, ...first(args, id)].map(createSiteVm),
        inventoryNics: (_source, args) =>
          first(args, (number) => toStoredNic(number, number).id).map(createSiteNic),
      },
    },
    {
      Vm: (key) => Promise.resolve(createSiteVm(String(key["id"]))),
      VmNic: (key) => Promise.resolve(createSiteNic(String(key["id"]))),
    },
  );
  return startSubgraph("inventory", INVENTORY[shape], schema);
}

/** A team that knows switch ports by VM and MAC, and nothing of vNICs' ids. */
export function startSwitches(count: number): Promise<Subgraph> {
  const sdl = `${LINK}
    scalar MAC
    type Query { ports: [Port!]! }
    type Port { name: String! vmNic: VmNic }
    type Vm @key(fields: "id") { id: ID! }
    type VmNic @key(fields: "macAddress vm { id }") { macAddress: MAC vm: Vm }`;
  const ports = Array.from({ length: count }, (_, index) => ({
    name: `port ${index + 1}`,
    vmNic: { macAddress: mac(index + 1).toUpperCase(), vm: { id: id(index + 1) } },
  }));
  const schema = executable(
    sdl,
    { Query: { ports: () => ports } },
    { Vm: (key) => Promise.resolve(key), VmNic: (key) => Promise.resolve(key) },
  );
  return startSubgraph("switches", sdl, schema);
}
