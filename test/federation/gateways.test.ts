import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { TestDatabase } from "../support/databases/database.js";
import { GATEWAYS, composeSupergraph, type Gateway } from "./gateways.js";
import { addressOf, createSiteDatabase, startGuests, startInventory, startSwitches } from "./site.js";
import type { Subgraph } from "./subgraph.js";
import { mac, id } from "../support/builders/ids.js";
import { toStoredNic } from "../support/builders/stored.js";

const ALL = 5_000;
const NOBODYS = id(0xffffff);
const MALFORMED = "'; DROP TABLE vm_static";

let database: TestDatabase;

beforeAll(async () => {
  database = await createSiteDatabase(ALL);
});

afterAll(async () => {
  await database.drop();
});

describe.each(
  GATEWAYS.flatMap(([name, open]) => [
    { name, open, shape: "whole" as const },
    { name, open, shape: "contribute" as const },
  ]),
)("$name with the subgraph $shape", ({ name, open, shape }) => {
  let guests: Subgraph;
  let inventory: Subgraph;
  let gateway: Gateway;

  beforeAll(async () => {
    guests = await startGuests(shape, database);
    inventory = await startInventory(shape);
    gateway = await open(composeSupergraph([inventory, guests]));
  });

  afterAll(async () => {
    await gateway.stop();
    await guests.stop();
    await inventory.stop();
  });

  /** Asks, and says what it cost us. */
  async function measureCost(query: string) {
    guests.asked();
    database.statements();
    const { data, errors } = await gateway.ask(query);
    expect(errors).toEqual([]);
    return { data, ...guests.asked(), statements: database.statements().length };
  }

  test("reads the guests of the inventory's 50 VMs in one request and two statements", async () => {
    const cost = await measureCost(
      "{ inventoryVms(first: 50) { id costCentre guestInfo { networkDevices { name ipv4Addresses } } } }",
    );
    expect(cost).toEqual({
      data: {
        inventoryVms: Array.from({ length: 50 }, (_, index) => ({
          id: id(index + 1),
          costCentre: `centre of ${id(index + 1)}`,
          guestInfo: {
            networkDevices: [
              { name: "docker0", ipv4Addresses: ["172.17.0.1"] },
              { name: "eth0", ipv4Addresses: [addressOf(index + 1)] },
            ],
          },
        })),
      },
      requests: 1,
      entities: [50],
      statements: 2,
    });
  });

  test("goes on from our devices to the inventory's vNICs for one statement more", async () => {
    const { data, ...cost } = await measureCost(
      "{ inventoryVms(first: 50) { guestInfo { networkDevices { name vmNic { label } } } } }",
    );
    expect(JSON.stringify(data).match(/port of/g)).toHaveLength(50);
    expect(cost).toEqual({ requests: 1, entities: [50], statements: 3 });
  });

  // To contribute means to have no list of one's own.
  const whole = shape === "whole" ? test : () => undefined;
  whole("goes from our VMs to the inventory in one statement", async () => {
    const { data, ...cost } = await measureCost("{ vms(first: 50) { nodes { name costCentre } } }");
    expect(JSON.stringify(data).match(/centre of/g)).toHaveLength(50);
    expect(cost).toEqual({ requests: 1, entities: [], statements: 1 });
  });

  test("reads the guest interfaces of 40 vNICs in one request and three statements", async () => {
    const { data, ...cost } = await measureCost(
      "{ inventoryNics(first: 40) { id label guestInterface { name ipv4Addresses } } }",
    );
    expect(data).toEqual({
      inventoryNics: Array.from({ length: 40 }, (_, index) => ({
        id: toStoredNic(index + 1, index + 1).id,
        label: `port of ${toStoredNic(index + 1, index + 1).id}`,
        guestInterface: { name: "eth0", ipv4Addresses: [addressOf(index + 1)] },
      })),
    });
    expect(cost).toEqual({ requests: 1, entities: [40], statements: 3 });
  });

  test("reads both in one operation, merged into one request if the gateway merges", async () => {
    const { data, ...cost } = await measureCost(
      `{ inventoryVms(first: 50) { guestInfo { networkDevices { name } } }
         inventoryNics(first: 40) { guestInterface { name } } }`,
    );
    expect(JSON.stringify(data).match(/eth0/g)).toHaveLength(90);
    expect(cost.entities.toSorted((one, other) => other - one)).toEqual([50, 40]);
    // Each request has loaders of its own, so two requests read the VMs that both need twice.
    expect([cost.requests, cost.statements]).toSatisfy(([requests, statements]) =>
      name === "Hive's gateway" ? requests === 1 && statements <= 4 : requests === 2 && statements === 5,
    );
  });

  test("reads 5,000 in one body and three statements", async () => {
    const { data, ...cost } = await measureCost(
      `{ inventoryVms(first: ${ALL}) { guestInfo { ips networkDevices { name vmNic { id } } } } }`,
    );
    expect(JSON.stringify(data).match(/"vmNic":\{/g)).toHaveLength(ALL);
    expect(cost).toEqual({ requests: 1, entities: [ALL], statements: 3 });
  });
});

describe.each(GATEWAYS)("%s", (_name, open) => {
  const running: { stop(): Promise<void> }[] = [];

  function until<T extends { stop(): Promise<void> }>(opened: T): T {
    running.unshift(opened);
    return opened;
  }

  beforeEach(() => {
    running.length = 0;
  });

  afterEach(async () => {
    for (const each of running) await each.stop();
  });

  test.each(["whole", "contribute"] as const)(
    "gives null for an unknown and for a malformed key alone, to %s",
    async (shape) => {
      const guests = until(await startGuests(shape, database));
      const inventory = until(await startInventory(shape, [NOBODYS, MALFORMED]));
      const gateway = until(await open(composeSupergraph([inventory, guests])));
      expect(await gateway.ask("{ inventoryVms(first: 1) { id costCentre guestInfo { ips } } }")).toEqual({
        data: {
          inventoryVms: [
            { id: NOBODYS, costCentre: `centre of ${NOBODYS}`, guestInfo: null },
            { id: MALFORMED, costCentre: `centre of ${MALFORMED}`, guestInfo: null },
            { id: id(1), costCentre: `centre of ${id(1)}`, guestInfo: { ips: [addressOf(1)] } },
          ],
        },
        errors: [],
      });
      expect(guests.asked()).toEqual({ requests: 1, entities: [3] });
    },
  );

  test("keeps the inventory's data, and nulls ours alone, while we are down", async () => {
    const guests = await startGuests("contribute", database);
    const inventory = until(await startInventory("contribute"));
    const gateway = until(await open(composeSupergraph([inventory, guests])));
    await guests.stop();
    const { data, errors } = await gateway.ask(
      `{ inventoryVms(first: 2) { name guestInfo { ips } }
         inventoryNics(first: 1) { label guestInterface { name } guestInterfaces { name } } }`,
    );
    const label = `port of ${toStoredNic(1, 1).id}`;
    expect(data).toEqual({
      inventoryVms: [1, 2].map((number) => ({ name: `name of ${id(number)}`, guestInfo: null })),
      inventoryNics: [{ label, guestInterface: null, guestInterfaces: null }],
    });
    expect(errors.length).toBeGreaterThan(0);
  });

  test("keeps what others answer beside our lists, while we are down", async () => {
    const guests = await startGuests("whole", database);
    const inventory = until(await startInventory("whole"));
    const gateway = until(await open(composeSupergraph([inventory, guests])));
    await guests.stop();
    const { data, errors } = await gateway.ask(
      `{ inventoryVms(first: 1) { id costCentre } vms { nodes { name } } hosts { name }
         vmNics(macAddress: "${mac(1)}") { name } }`,
    );
    expect(data).toEqual({
      inventoryVms: [{ id: id(1), costCentre: `centre of ${id(1)}` }],
      vms: null,
      hosts: null,
      vmNics: null,
    });
    expect(errors.length).toBeGreaterThan(0);
  });

  test("keeps our data while the inventory is down", async () => {
    const guests = until(await startGuests("whole", database));
    const inventory = await startInventory("whole");
    const gateway = until(await open(composeSupergraph([inventory, guests])));
    await inventory.stop();
    const { data, errors } = await gateway.ask("{ vms(first: 2) { nodes { name costCentre } } }");
    expect(data).toEqual({
      vms: {
        nodes: [
          { name: "vm-0001", costCentre: null },
          { name: "vm-0002", costCentre: null },
        ],
      },
    });
    expect(errors.length).toBeGreaterThan(0);
  });

  test("finds vNICs by VM and MAC for a team that knows no other key, in one request", async () => {
    const guests = until(await startGuests("whole", database));
    const switches = until(await startSwitches(30));
    const gateway = until(await open(composeSupergraph([switches, guests])));
    database.statements();
    const { data, errors } = await gateway.ask(
      "{ ports { name vmNic { guestInterface { ipv4Addresses } } } }",
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      ports: Array.from({ length: 30 }, (_, index) => ({
        name: `port ${index + 1}`,
        vmNic: { guestInterface: { ipv4Addresses: [addressOf(index + 1)] } },
      })),
    });
    expect(guests.asked()).toEqual({ requests: 1, entities: [30] });
    expect(database.statements()).toHaveLength(3);
  });
});
