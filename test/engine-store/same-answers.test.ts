import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseCidr } from "../../src/model/address/cidr.js";
import type { ReadStore } from "../../src/store/types.js";
import type { VmIdList, VmSearch } from "../../src/store/vm-search.js";
import { askForData } from "../graph/support/ask.js";
import { HOST_B, id } from "../support/builders/ids.js";
import { createMirroredFleet, type MirroredFleet } from "./mirrored-fleet.js";

const SCOPE = { namePatterns: ["vm-000?"], hostIds: [HOST_B], vmIds: [id(17)] };

/** The list of all VMs that a search finds, in the order of their ids. */
const listById = (search: VmSearch): VmIdList => ({
  filter: { search },
  sort: { key: "id", descending: false },
  offset: 0,
  limit: null,
});

const anyText = (part: string): VmSearch => ({
  kind: "anyText",
  match: { parts: ["", part, ""], ignoreCase: true },
});

const QUESTIONS: Readonly<Record<string, string>> = {
  "what does not fit":
    "{ drift(first: 500) { totalCount nodes { kind vm { id } vmNic { id } device { name macAddress } } } }",
  "which vNICs are not shown":
    "{ drift(first: 500, kinds: [NIC_NOT_SHOWN, NIC_MAC_DIFFERS]) { totalCount nodes { kind vm { id } vmNic { id } } } }",
  "which interfaces are unknown":
    "{ drift(first: 500, kinds: [DEVICE_UNKNOWN, DEVICE_BOND]) { totalCount nodes { kind vm { id } device { name } } } }",
  "nothing of no kind": "{ drift(kinds: []) { totalCount nodes { kind } } }",
  "addresses of several VMs":
    "{ addressConflicts(first: 500) { totalCount nodes { address kind vmCount holders { vm { id } device { name } } } } }",
  "addresses of several VMs on a network":
    '{ addressConflicts(first: 500, network: "red") { totalCount nodes { address vmCount holders { vm { id } } } } }',
  "addresses of several VMs in a prefix":
    '{ addressConflicts(first: 500, within: "10.0.0.0/8") { totalCount nodes { address vmCount } } }',
  "MACs of several VMs":
    "{ macConflicts(first: 500) { totalCount nodes { macAddress vmCount vmNics { id } } } }",
  ...Object.fromEntries(
    [
      "hasAddress: true",
      "hasAddress: false",
      'address: { inCidr: "0.0.0.0/0" }',
      'address: { inCidr: "::/0" }',
      "address: { family: IPV6 }",
      'address: { anyOf: ["10.0.0.5", "127.0.0.1", "::1"] }',
      'not: { address: { eq: "127.0.0.1" } }',
    ].map((filter) => [
      `VMs with ${filter}`,
      `{ vms(first: 500, filter: { ${filter} }) { totalCount nodes { id guestInfo { ips networkDevices { name ipv4Addresses ipv6Addresses } } } } }`,
    ]),
  ),
  "all addresses":
    "{ guestAddresses(first: 500) { totalCount nodes { address vm { id } device { name } vmNic { id } } } }",
  "addresses of IPv6":
    '{ guestAddresses(first: 500, inCidr: "::/0") { totalCount nodes { address vm { id } } } }',
  ...Object.fromEntries(
    ["PRIMARY_ADDRESS_ASC", "PRIMARY_ADDRESS_DESC"].flatMap((order) =>
      ["first: 500", "last: 7", 'first: 9, filter: { name: { startsWith: "vm-001" } }'].map((page) => [
        `VMs by ${order}, ${page}`,
        `{ vms(orderBy: ${order}, ${page}) { totalCount nodes { id guestInfo { primaryAddress { address device { name } } } } } }`,
      ]),
    ),
  ),
  ...Object.fromEntries(
    ["HOST", "NETWORK", "FAMILY", "STALE_REASON"].flatMap((by) =>
      ["", ', filter: { address: { inCidr: "10.0.0.0/24" } }'].map((filter) => [
        `figures by ${by}${filter}`,
        `{ guestNetworkStats(by: ${by}${filter}) { groupCount leftOut rows { host { id } network family staleReason vms vnics addresses conflicts } } }`,
      ]),
    ),
  ),
};

describe.each([1, 2, 3])(
  "the same fleet, made by chance %i, answers the same from hosts and from an engine",
  (seed) => {
    let fleet: MirroredFleet;

    beforeAll(async () => {
      fleet = await createMirroredFleet(seed);
    });

    afterAll(() => fleet.drop());

    test.each(Object.entries(QUESTIONS))("%s", async (_, query) => {
      const { database, store } = fleet;
      const answer = await askForData(database.store, query);
      expect(await askForData(store, query)).toEqual(answer);
      const scoped = await askForData(database.store.createReaderFor(SCOPE), query);
      expect(await askForData(store.createReaderFor(SCOPE), query)).toEqual(scoped);
      expect(JSON.stringify(answer)).toMatch(query.includes("kinds: []") ? /"totalCount":0/ : /\w":[1-9]/);
    });

    test("each address is listed in the text that its interface has, also where PostgreSQL writes another", async () => {
      for (const reader of [fleet.database.store, fleet.store]) {
        const { guestAddresses } = (await askForData(
          reader,
          "{ guestAddresses(first: 500) { nodes { address device { ipv4Addresses ipv6Addresses } } } }",
        )) as { guestAddresses: { nodes: { address: string; device: Record<string, string[]> | null }[] } };
        expect(guestAddresses.nodes.map(({ address }) => address)).toContain("::a00:5");
        for (const { address, device } of guestAddresses.nodes) {
          expect(Object.values(device ?? {}).flat()).toContain(address);
        }
      }
    });

    test.each([true, false])(
      "oVirt's sortby ip goes by the primary address, then by name, descending %s",
      async (descending) => {
        for (const part of [
          { offset: 0, limit: null },
          { offset: 9, limit: 30 },
          { offset: 70, limit: 30 },
        ]) {
          const list = { filter: {}, sort: { key: "ip", descending }, ...part } as const;
          const ids = await fleet.database.store.readVmIds(list);
          expect(ids.length).toBeGreaterThan(9);
          expect(await fleet.store.readVmIds(list)).toEqual(ids);
          const scoped = await fleet.database.store.createReaderFor(SCOPE).readVmIds(list);
          expect(await fleet.store.createReaderFor(SCOPE).readVmIds(list)).toEqual(scoped);
        }
      },
    );

    test.each<[string, VmSearch]>([
      ["one of IPv4", { kind: "address", address: "127.0.0.1" }],
      ["the one of IPv6", { kind: "address", address: "::1" }],
      ["several", { kind: "addresses", addresses: ["127.0.0.1", "::ffff:127.0.0.2", "::1", "127.0.0.53"] }],
      ["127.*", { kind: "addressPattern", parts: ["127.", ""] }],
      ["a pattern of the one of IPv6", { kind: "addressPattern", parts: ["0:0:", ":1"] }],
      ["a word of text", anyText("127.0.0.53")],
      ["the beginning of one as a word", anyText("127.")],
      ["the end of the one of IPv6 as a word", anyText("0:0:1")],
      ["127.0.0.0/8", { kind: "inCidr", cidr: parseCidr("127.0.0.0/8") }],
      ["::1/128", { kind: "inCidr", cidr: parseCidr("::1/128") }],
    ])("loopback addresses, which an engine keeps, are found by no search: %s", async (_, search) => {
      const list = listById(search);
      expect(await fleet.database.store.readVmIds(list)).toEqual([]);
      expect(await fleet.store.readVmIds(list)).toEqual([]);
    });

    test.each<[string, VmSearch]>([
      ["any address is found by a pattern", { kind: "addressPattern", parts: ["", ""] }],
      ["any address is found by a word", anyText(".")],
      ["addresses beside them are found by a word", anyText("10.0.0.5")],
      ["the end of an address is found by a word", anyText("::1")],
    ])("%s, but no loopback address", async (_, search) => {
      const list = listById(search);
      const ids = await fleet.database.store.readVmIds(list);
      expect(ids.length).toBeGreaterThan(0);
      expect(await fleet.store.readVmIds(list)).toEqual(ids);
    });

    test("what does not fit, page by page", async () => {
      const readAll = async (reader: ReadStore) => {
        const nodes: unknown[] = [];
        for (let after = ""; ;) {
          const { drift } = (await askForData(
            reader,
            `{ drift(first: 7${after}) { nodes { kind vm { id } vmNic { id } device { name } } pageInfo { hasNextPage endCursor } } }`,
          )) as {
            drift: { nodes: unknown[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
          };
          nodes.push(...drift.nodes);
          if (!drift.pageInfo.hasNextPage) return nodes;
          after = `, after: "${drift.pageInfo.endCursor}"`;
        }
      };
      expect(await readAll(fleet.store)).toEqual(await readAll(fleet.database.store));
    });

    test.each([
      ["drift(first: 500) { nodes { kind } }", 2],
      ["drift(first: 500) { totalCount }", 4],
      ["addressConflicts { nodes { address } }", 2],
      ["guestAddresses { nodes { address } }", 2],
      ["guestNetworkStats(by: FAMILY) { rows { vms addresses } }", 2],
      ['addressConflicts(within: "10.0.0.0/16") { nodes { address } }', 1],
      ["macConflicts { nodes { macAddress } }", 1],
      ['vms(orderBy: HOST_ASC, filter: { nameContains: "1" }) { nodes { id } }', 1],
      ['vms(filter: { nameContains: "1" }) { nodes { id } }', 1],
    ])(
      "an engine is asked for %s in %i statements, which PostgreSQL 10 knows, too",
      async (field, statements) => {
        fleet.engine.sent();
        await askForData(fleet.store, `{ ${field} }`);
        const sent = fleet.engine.sent().filter(({ sql }) => sql.includes("SELECT"));
        expect(sent).toHaveLength(statements);
        // The word came with PostgreSQL 12.
        expect(sent.filter(({ sql }) => sql.includes("MATERIALIZED"))).toEqual([]);
      },
    );
  },
);
