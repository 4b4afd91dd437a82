import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asked, askedAboutMany } from "../fast/support/random-operations.js";
import { serveStore } from "../fast/support/serve-store.js";
import type { TreeReads } from "../../src/store/vm-tree.js";
import type { VmScope } from "../../src/store/types.js";
import { HOST_B, id, mac } from "../support/builders/ids.js";
import { createMirroredFleet, type MirroredFleet } from "./mirrored-fleet.js";

const SCOPE: VmScope = { namePatterns: ["vm-000[1-3]*"], hostIds: [HOST_B], vmIds: [id(5)] };
const VIEWERS = {
  all: { roles: new Set(["reader", "router"] as const), scope: null },
  scoped: { roles: new Set(["reader", "router"] as const), scope: SCOPE },
};

let fleet: MirroredFleet;

beforeAll(async () => {
  fleet = await createMirroredFleet(7);
});
afterAll(() => fleet.drop());

let reads = 0;

/** The tree reads of a viewer, counted. */
function countReads(scope: VmScope | null): TreeReads {
  const trees = fleet.store.createTreeReadsFor(scope);
  return {
    readTreesByIds: (...args) => ((reads += 1), trees.readTreesByIds(...args)),
    readTreesPage: (...args) => ((reads += 1), trees.readTreesPage(...args)),
    readNicTrees: (...args) => ((reads += 1), trees.readNicTrees(...args)),
    readHostTrees: async (...args) => ((reads += 1), (await trees.readHostTrees?.(...args)) ?? null),
  };
}

describe("plans over an engine's database", () => {
  test("give the same status, headers, bytes and audit line as execution, for random operations and viewers", async () => {
    const plain = await serveStore(fleet.store, VIEWERS, null);
    const fast = await serveStore(fleet.store, VIEWERS, ({ scope }) => countReads(scope));
    let operations = 0;
    await fc.assert(
      fc.asyncProperty(asked, fc.constantFrom("all", "scoped"), async (question, viewer) => {
        const expected = await plain.ask(question, viewer);
        for (let time = 0; time < 2; time += 1) expect(await fast.ask(question, viewer)).toEqual(expected);
        operations += 2;
      }),
      { numRuns: 200 },
    );
    expect(reads / operations).toBeGreaterThan(0.15);
  });

  test("do so for random questions about what is found in many VMs, about a text, and about a host", async () => {
    const plain = await serveStore(fleet.store, VIEWERS, null);
    const fast = await serveStore(fleet.store, VIEWERS, ({ scope }) => countReads(scope));
    await fc.assert(
      fc.asyncProperty(askedAboutMany, fc.constantFrom("all", "scoped"), async (question, viewer) => {
        const expected = await plain.ask(question, viewer);
        for (let time = 0; time < 2; time += 1) expect(await fast.ask(question, viewer)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  test("read a VM, a page and entities by one statement, hosts with VMs and vNICs by MAC by two", async () => {
    const vm = "id name nics { name guestInterface { name } } guestInfo { networkDevices { name } }";
    const { ask } = await serveStore(fleet.store, VIEWERS, ({ scope }) => countReads(scope));
    const nic = await fleet.engine.dataSource.query<{ mac: string }[]>(
      "SELECT mac_addr AS mac FROM vm_interface ORDER BY id LIMIT 1",
    );
    const questions = [
      { query: `query V($id: ID!) { vm(id: $id) { ${vm} } }`, variables: { id: id(3) } },
      { query: `{ vms(first: 3) { nodes { ${vm} } } }`, variables: {} },
      {
        query: `query E($keys: [_Any!]!) { _entities(representations: $keys) { ... on Vm { ${vm} } } }`,
        variables: { keys: [1, 2, 3].map((number) => ({ __typename: "Vm", id: id(number) })) },
      },
      {
        query: `query M($mac: MAC!) { vmNics(macAddress: $mac) { name guestInterface { name } } }`,
        variables: { mac: nic[0]?.mac ?? mac(1) },
        // The vNICs of a MAC are searched first, and then their VMs with the interfaces.
        statements: 2,
      },
      { query: `{ hosts { name vms(first: 3) { ${vm} } } }`, variables: {}, statements: 2 },
      { query: `{ host(id: "${HOST_B}") { name vms(first: 3) { ${vm} } } }`, variables: {}, statements: 2 },
      // How many rows there may be, a page of them, and their VMs with all that is asked for.
      {
        query: `{ drift(first: 5) { nodes { kind vm { ${vm} } vmNic { name } device { name } } } }`,
        variables: {},
        statements: 3,
      },
      {
        query: `{ guestAddresses(first: 5) { nodes { address vm { ${vm} } vmNic { name } device { name } } } }`,
        variables: {},
        statements: 3,
      },
    ];
    for (const { query, variables, statements = 1 } of questions) {
      fleet.engine.sent();
      const { status } = await ask({ query, variables, headers: {} }, "all");
      const sent = fleet.engine.sent();
      expect([status, query, sent.filter(({ sql }) => /^\s*(SELECT|WITH)/.test(sql)).length]).toEqual([
        200,
        query,
        statements,
      ]);
    }
  });
});
