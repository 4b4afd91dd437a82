import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VmScope } from "../../src/store/types.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { askForData, askForErrors } from "./support/ask.js";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic, vmState } from "../support/builders/stored.js";

const COUNT = 5_000;
const NUMBERS = Array.from({ length: COUNT }, (_, index) => index + 1);
/** vNICs' numbers in the fixtures begin beyond the VMs'. */
const nicId = (number: number) => id(0x10000 + number);

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  for (const hostId of [HOST_A, HOST_B]) {
    const numbers = NUMBERS.filter((number) => (number % 5 === 0) === (hostId === HOST_B));
    await writePass(database.store, hostId, {
      newVms: numbers.map((number) =>
        vmState(number, {
          ownerId: hostId,
          ips: `10.0.${number >> 8}.${number & 255} 2001:db8::${number.toString(16)}`,
        }),
      ),
      upsertedNics: numbers.map((number) => toStoredNic(number, number, { macAddress: mac(number) })),
      insertedInterfaces: numbers.flatMap((number) => [
        toGuestInterfaceOf(number, {
          macAddress: mac(number),
          ipv4Addresses: [`10.0.${number >> 8}.${number & 255}`],
        }),
        toGuestInterfaceOf(number, {
          name: "docker0",
          macAddress: null,
          ipv6Addresses: [`2001:db8::${number.toString(16)}`],
        }),
      ]),
    });
  }
});

afterAll(async () => {
  await database.drop();
});

async function measureCost(query: string, options: Parameters<typeof askForData>[2] = {}) {
  database.statements();
  const data = await askForData(database.store, query, options);
  return { data: JSON.stringify(data), statements: database.statements().length };
}

describe("whatever the number of VMs", () => {
  const EVERYTHING = `nodes {
    id name status
    host { name }
    nics { name vm { name } guestInterface { name } guestInterfaces { ipv4Addresses } }
    guestInfo { ips networkDevices { name macAddress ipv4Addresses vmNic { name vm { id } } } } }`;

  test.each([1, 50, 500])(
    "a page of %d with hosts, vNICs and devices costs four statements",
    async (first) => {
      const { data, statements } = await measureCost(
        `{ vms(first: ${first}) { ${EVERYTHING} pageInfo { endCursor } } }`,
      );
      expect(data.match(/docker0/g)).toHaveLength(first);
      expect(statements).toBe(4);
    },
  );

  test("counting them costs one more", async () => {
    expect((await measureCost(`{ vms(first: 2) { totalCount ${EVERYTHING} } }`)).statements).toBe(5);
  });

  test.each([1, 100, 500])("%d VMs of every host with their devices cost four statements", async (first) => {
    const query = `{ hosts { name vms(first: ${first}) { name host { name } nics { guestInterface { name } } guestInfo { networkDevices { name } } } } }`;
    const { data, statements } = await measureCost(query);
    expect(data.match(/docker0/g)).toHaveLength(2 * first);
    expect(statements).toBe(4);
  });

  test.each(["whole", "contribute"] as const)(
    "5,000 of them as entities of the %s subgraph cost three",
    async (federation) => {
      const keys = NUMBERS.map((number) => ({ __typename: "Vm", id: id(number) }));
      keys[17] = { __typename: "Vm", id: "not-a-uuid" };
      keys[18] = { __typename: "Vm", id: id(0xffffff) };
      const query = `query ($keys: [_Any!]!) { _entities(representations: $keys) {
      ... on Vm { guestInfo { networkDevices { name ipv4Addresses vmNic { id } } } } } }`;
      const { data, statements } = await measureCost(query, { federation, variables: { keys } });
      expect(data.match(/docker0/g)).toHaveLength(COUNT - 2);
      expect(data.match(/null,null/g)).toHaveLength(1);
      expect(statements).toBe(3);
    },
  );

  test("5,000 vNICs as entities cost three", async () => {
    const keys = NUMBERS.map((number) => ({ __typename: "VmNic", id: nicId(number) }));
    const query = `query ($keys: [_Any!]!) { _entities(representations: $keys) {
      ... on VmNic { guestInterface { name } guestInterfaces { name } } } }`;
    const { data, statements } = await measureCost(query, { federation: "contribute", variables: { keys } });
    expect(data.match(/eth0/g)).toHaveLength(2 * COUNT);
    expect(statements).toBe(3);
  });
});

describe("on a real database", () => {
  test.each(["10.0.1.44", "2001:db8::12c", "2001:DB8:0:0:0:0:0:012C", "2001:0db8::12c%eth0"])(
    "the VM that has %s is found",
    async (ip) => {
      const query = "query ($ip: IP) { vms(filter: {ip: $ip}) { totalCount nodes { id } } }";
      expect(await askForData(database.store, query, { variables: { ip } })).toEqual({
        vms: { totalCount: 1, nodes: [{ id: id(300) }] },
      });
    },
  );

  test.each(["NAME_ASC", "NAME_DESC", "ID_ASC"])(
    "every VM comes once, page by page, in the order %s",
    async (order) => {
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const query = `query ($after: String) { vms(first: 500, after: $after, orderBy: ${order}) { nodes { id } pageInfo { hasNextPage endCursor } } }`;
        const { vms } = (await askForData(database.store, query, { variables: { after } })) as {
          vms: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
        };
        seen.push(...vms.nodes.map((node) => node.id));
        after = vms.pageInfo.hasNextPage ? vms.pageInfo.endCursor : null;
      } while (after !== null);
      expect(seen).toEqual((order === "NAME_DESC" ? NUMBERS.toReversed() : NUMBERS).map(id));
    },
  );

  test("bad input costs no statement", async () => {
    database.statements();
    const bad = [
      'vm(id: "x") { id }',
      'vms(after: "x") { totalCount }',
      'vms(filter: {nameContains: "\\u0000"}) { totalCount }',
    ];
    for (const field of bad) expect(await askForErrors(database.store, `{ ${field} }`)).toHaveLength(1);
    expect(database.statements()).toEqual([]);
  });
});

describe("somebody who may see a scope's VMs", () => {
  const number = fc.integer({ min: 1, max: 30 });
  const scope: fc.Arbitrary<VmScope> = fc.record({
    namePatterns: fc.subarray(["vm-000*", "vm-??1?", "*7"]),
    hostIds: fc.subarray([HOST_B]),
    vmIds: fc.uniqueArray(number.map(id), { maxLength: 3 }),
  });

  /** From a VM to its vNICs, devices, neighbours on its host and back. */
  const ONWARD = `id nics { id vm { id } } host { vms(first: 40) { id } }
    guestInfo { networkDevices { name vmNic { id vm { id } } } }`;

  test("finds no other one on any path: page, count, id, entity, vNIC, MAC, address or host", async () => {
    await fc.assert(
      fc.asyncProperty(scope, number, async (visible, wanted) => {
        const reader = database.store.createReaderFor(visible);
        const isVisible = (each: number) => mayBeSeen(each, visible);
        const keys = [
          { __typename: "Vm", id: id(wanted) },
          { __typename: "VmNic", id: nicId(wanted) },
          { __typename: "VmNic", macAddress: mac(wanted), vm: { id: id(wanted) } },
        ];
        const query = `query ($keys: [_Any!]!) {
          vm(id: "${id(wanted)}") { id }
          vmNic(id: "${nicId(wanted)}") { id vm { id } guestInterface { name } }
          vmNics(macAddress: "${mac(wanted)}") { id vm { id } }
          byIp: vms(filter: {ip: "10.0.0.${wanted}"}) { totalCount nodes { id } }
          vms(first: 500) { totalCount edges { node { id } } nodes { ${ONWARD} } }
          byName: vms(first: 500, orderBy: NAME_DESC, filter: {nameContains: "vm-000"}) { totalCount nodes { id } }
          byHost: vms(first: 500, orderBy: ID_ASC, filter: {hostId: "${HOST_A}", status: [UP]}) { totalCount nodes { id } }
          hosts { vms { ${ONWARD} } }
          _entities(representations: $keys) { ... on Vm { ${ONWARD} } ... on VmNic { id vm { id host { vms { id } } } } } }`;
        const data = (await askForData(reader, query, {
          federation: "whole",
          variables: { keys },
        })) as Answer;
        const seen = isVisible(wanted);
        expect([data.vm, data.vmNic, ...data._entities].map((each) => each !== null)).toEqual(
          Array(5).fill(seen),
        );
        expect([data.vmNics.length, data.byIp.totalCount, data.byIp.nodes.length]).toEqual(
          Array(3).fill(seen ? 1 : 0),
        );
        expect(data.vms.totalCount).toBe(NUMBERS.filter(isVisible).length);
        expect([data.byName.totalCount, data.byHost.totalCount]).toEqual([
          NUMBERS.filter((each) => each < 10 && isVisible(each)).length,
          NUMBERS.filter((each) => each % 5 !== 0 && isVisible(each)).length,
        ]);
        // VMs and their vNICs have the same last four digits.
        const ids = JSON.stringify(data).match(/(?<="id":")00000000-0000-4000-8000-[0-9a-f]{12}/g) ?? [];
        const shown = [...new Set(ids.map((each) => Number.parseInt(each.slice(-4), 16)))];
        expect(shown.filter((each) => !isVisible(each))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

interface Answer {
  readonly vm: object | null;
  readonly vmNic: object | null;
  readonly vmNics: readonly object[];
  readonly byIp: { readonly totalCount: number; readonly nodes: readonly object[] };
  readonly vms: { readonly totalCount: number };
  readonly byName: { readonly totalCount: number };
  readonly byHost: { readonly totalCount: number };
  readonly _entities: readonly (object | null)[];
}

function mayBeSeen(number: number, { namePatterns, hostIds, vmIds }: VmScope): boolean {
  const name = vmState(number).name;
  const patterns = namePatterns.map(
    (text) => new RegExp(`^${text.replaceAll("?", ".").replaceAll("*", ".*")}$`),
  );
  return (
    patterns.some((pattern) => pattern.test(name)) ||
    (number % 5 === 0 && hostIds.includes(HOST_B)) ||
    vmIds.includes(id(number))
  );
}
