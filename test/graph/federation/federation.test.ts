import { describe, expect, test } from "vitest";
import { ask, askForData, askForErrors, getSchema } from "../support/ask.js";
import { mac, uuid } from "../../support/builders/ids.js";
import { createMemoryReadStore } from "../../support/builders/memory-read-store.js";
import { guestInterfaceRow, nicRow, vmRow } from "../../support/builders/rows.js";

const ENTITIES = `query ($keys: [_Any!]!) { _entities(representations: $keys) {
  __typename
  ... on Vm { id guestInfo { ips networkDevices { name vmNic { id } } } }
  ... on VmNic { id guestInterface { name } guestInterfaces { name } } } }`;

describe.each(["whole", "contribute"] as const)("a gateway asking the %s subgraph", (federation) => {
  test("gets entities in the order of their keys, and null for a bad key alone", async () => {
    const store = createMemoryReadStore();
    store.vms.push(vmRow(1), vmRow(2, { interfacesKnown: false, ips: null }));
    store.nics.push(nicRow(1, uuid(1, 1)));
    store.interfaces.push(guestInterfaceRow(uuid(1, 1)));
    const keys = [
      { __typename: "Vm", id: uuid(1, 2) },
      { __typename: "VmNic", id: uuid(2, 1) },
      { __typename: "Vm", id: "'; DROP TABLE vm_static" },
      { __typename: "Vm", id: 7 },
      { __typename: "Vm" },
      { __typename: "Vm", id: uuid(1, 9) },
      "Vm",
      { __typename: "VmNic", id: uuid(1, 1) },
      { __typename: "Vm", id: uuid(1, 1) },
    ];
    const network = { ips: ["10.0.0.1"], networkDevices: [{ name: "eth0", vmNic: { id: uuid(2, 1) } }] };
    expect(await askForData(store, ENTITIES, { federation, variables: { keys } })).toEqual({
      _entities: [
        { __typename: "Vm", id: uuid(1, 2), guestInfo: { ips: null, networkDevices: null } },
        {
          __typename: "VmNic",
          id: uuid(2, 1),
          guestInterface: { name: "eth0" },
          guestInterfaces: [{ name: "eth0" }],
        },
        null,
        null,
        null,
        null,
        null,
        null,
        { __typename: "Vm", id: uuid(1, 1), guestInfo: network },
      ],
    });
  });

  test("costs four reads for both kinds of entities, however many and however they are aliased", async () => {
    const store = createMemoryReadStore();
    for (let number = 0; number < 50; number++) {
      store.vms.push(vmRow(number));
      store.nics.push(nicRow(number, uuid(1, number)));
      store.interfaces.push(guestInterfaceRow(uuid(1, number)));
    }
    const variables = {
      vms: store.vms.map(({ id }) => ({ __typename: "Vm", id })),
      nics: store.nics.map(({ id }) => ({ __typename: "VmNic", id })),
    };
    const query = `query ($vms: [_Any!]!, $nics: [_Any!]!) {
      a: _entities(representations: $vms) { ... on Vm { guestInfo { networkDevices { vmNic { id } } } } }
      b: _entities(representations: $nics) { ... on VmNic { guestInterface { name } } } }`;
    await askForData(store, query, { federation, variables });
    expect(store.calls.sort()).toEqual([
      "readGuestInterfacesByVms",
      "readNicsByIds",
      "readNicsByVms",
      "readVmsByIds",
    ]);
  });

  test("is told once of a type that is no entity here, and gets the others", async () => {
    const store = createMemoryReadStore();
    store.vms.push(vmRow(1));
    const keys = ["Host", "toString", "__proto__", "Vm", undefined].map((__typename) => ({
      __typename,
      id: uuid(1, 1),
    }));
    const { data, errors } = await ask(
      store,
      "query ($keys: [_Any!]!) { _entities(representations: $keys) { __typename } }",
      {
        federation,
        variables: { keys },
      },
    );
    expect(data).toEqual({ _entities: [null, null, null, { __typename: "Vm" }, null] });
    expect(errors?.map((error) => [error.message, error.path])).toEqual([
      ["representations: this subgraph has the entities Vm and VmNic only", ["_entities", 0]],
    ]);
  });

  test("gets one error, not one an entity, if the database fails", async () => {
    const store = { ...createMemoryReadStore(), readVmsByIds: () => Promise.reject(new Error("down")) };
    const keys = Array.from({ length: 100 }, (_, number) => ({ __typename: "Vm", id: uuid(1, number) }));
    expect(await askForErrors(store, ENTITIES, { federation, variables: { keys } })).toEqual(["none: down"]);
  });

  test("reads the subgraph's schema, which does not tell of the fields that only gateways need", async () => {
    const { _service: service } = (await askForData(createMemoryReadStore(), "{ _service { sdl } }", {
      federation,
    })) as {
      _service: { sdl: string };
    };
    expect(service.sdl).toMatch(/^extend schema @link\(url: "https:\/\/specs.apollo.dev\/federation\/v2.3"/);
    expect(service.sdl).toContain('type Vm @key(fields: "id") {');
    expect(service.sdl).not.toMatch(/_service|_entities|_Any|_Entity/);
  });
});

test("a vNIC is found by its VM and MAC, in any spelling", async () => {
  const store = createMemoryReadStore();
  store.nics.push(nicRow(1, uuid(1, 1)), nicRow(2, uuid(1, 2), { macAddress: mac(1) }));
  const keys = [
    { macAddress: mac(1).toUpperCase().replaceAll(":", "-"), vm: { id: uuid(1, 2) } },
    { macAddress: mac(1), vm: { __typename: "Vm", id: uuid(1, 1) } },
    { macAddress: mac(3), vm: { id: uuid(1, 1) } },
    { macAddress: mac(1), vm: { id: "x" } },
    { macAddress: mac(1), vm: { id: 7 } },
    { macAddress: mac(1), vm: null },
    { macAddress: null, vm: { id: uuid(1, 1) } },
  ].map((key) => ({ __typename: "VmNic", ...key }));
  const query = "query ($keys: [_Any!]!) { _entities(representations: $keys) { ... on VmNic { id } } }";
  expect(await askForData(store, query, { federation: "whole", variables: { keys } })).toEqual({
    _entities: [{ id: uuid(2, 2) }, { id: uuid(2, 1) }, null, null, null, null, null],
  });
  expect(store.calls).toEqual(["readNicsByVms"]);
});

test("without federation there is nothing of it", async () => {
  expect(await askForErrors(createMemoryReadStore(), "{ _service { sdl } }")).toEqual([
    'none: Cannot query field "_service" on type "Query".',
  ]);
});

test("to contribute, only keys and what the guest says are left", () => {
  const schema = getSchema("contribute");
  const listFields = (name: string) => {
    const type = schema.getType(name);
    return type !== undefined && "getFields" in type ? Object.keys(type.getFields()).sort() : null;
  };
  expect(listFields("Query")).toEqual(["_entities", "_service"]);
  expect(listFields("Mutation")).toBeNull();
  expect(listFields("Vm")).toEqual(["guestInfo", "id"]);
  expect(listFields("VmNic")).toEqual([
    "guestInterface",
    "guestInterfaces",
    "id",
    "missingReason",
    "primaryAddress",
    "probableInterface",
  ]);
  expect(listFields("Host")).toBeNull();
  expect(Object.keys(getSchema("whole").getQueryType()!.getFields())).toContain("vms");
});
