import { describe, expect, test } from "vitest";
import { askForData, askForErrors, ask } from "./support/ask.js";
import { mac, uuid } from "../support/builders/ids.js";
import { createMemoryReadStore } from "../support/builders/memory-read-store.js";
import { guestInterfaceRow, hostRow, nicRow, vmRow } from "../support/builders/rows.js";

describe("a VM", () => {
  test("is given with all that is known of it", async () => {
    const store = createMemoryReadStore();
    const vmId = uuid(1, 1);
    store.vms.push(vmRow(1, { fqdn: "vm.example", ips: ["10.0.0.1", "fe80::1"] }));
    store.hostRows.push(
      hostRow(1, { lastSuccessAt: new Date("2026-11-24T10:00:00Z"), lastError: "no reply", polled: true }),
    );
    store.nics.push(nicRow(1, vmId, { network: "ovirtmgmt" }));
    store.interfaces.push(
      guestInterfaceRow(vmId, { name: "eth0", ipv6Addresses: ["fe80::1"] }),
      guestInterfaceRow(vmId, { name: "br0", ipv4Addresses: ["10.0.0.1"] }),
      guestInterfaceRow(vmId, { name: "docker0", macAddress: mac(99) }),
    );
    const query = `{ vm(id: "${vmId.toUpperCase()}") {
      id name status
      host { id name address status lastSuccessAt lastError polled vms { name } }
      nics { id name macAddress network linked vm { name } guestInterface { name } guestInterfaces { name } }
      guestInfo { ips fqdn lastReportedAt stale staleReason
        networkDevices { name macAddress ipv4Addresses ipv6Addresses vmNic { name } } }
    } }`;
    expect(await askForData(store, query)).toEqual({
      vm: {
        id: vmId,
        name: "vm-0001",
        status: "UP",
        host: {
          id: uuid(3, 1),
          name: "host-1",
          address: "host-1:54321",
          status: "UP",
          lastSuccessAt: "2026-11-24T10:00:00.000Z",
          lastError: "no reply",
          polled: true,
          vms: [{ name: "vm-0001" }],
        },
        nics: [
          {
            id: uuid(2, 1),
            name: "nic1",
            macAddress: mac(1),
            network: "ovirtmgmt",
            linked: true,
            vm: { name: "vm-0001" },
            guestInterface: { name: "br0" },
            guestInterfaces: [{ name: "br0" }, { name: "eth0" }],
          },
        ],
        guestInfo: {
          ips: ["10.0.0.1", "fe80::1"],
          fqdn: "vm.example",
          lastReportedAt: "2026-11-24T10:00:00.000Z",
          stale: false,
          staleReason: null,
          networkDevices: [
            {
              name: "eth0",
              macAddress: mac(1),
              ipv4Addresses: [],
              ipv6Addresses: ["fe80::1"],
              vmNic: { name: "nic1" },
            },
            {
              name: "br0",
              macAddress: mac(1),
              ipv4Addresses: ["10.0.0.1"],
              ipv6Addresses: [],
              vmNic: { name: "nic1" },
            },
            { name: "docker0", macAddress: mac(99), ipv4Addresses: [], ipv6Addresses: [], vmNic: null },
          ],
        },
      },
    });
  });

  test("a VM that is not known is null", async () => {
    expect(
      await askForData(
        createMemoryReadStore(),
        `{ vm(id: "${uuid(1, 1)}") { name } vmNic(id: "${uuid(2, 1)}") { name } }`,
      ),
    ).toEqual({
      vm: null,
      vmNic: null,
    });
  });

  test("V7: whose vNICs are not known has null, one without vNICs an empty list", async () => {
    const store = createMemoryReadStore();
    store.vms.push(vmRow(1, { nicsKnown: false }), vmRow(2), vmRow(3));
    store.nics.push(nicRow(3, uuid(1, 3)));
    expect(await askForData(store, "{ vms { nodes { nics { name } } } }")).toEqual({
      vms: { nodes: [{ nics: null }, { nics: [] }, { nics: [{ name: "nic3" }] }] },
    });
  });

  test("of which nothing is known has null, of which the guest says none has an empty list", async () => {
    const store = createMemoryReadStore();
    store.vms.push(
      vmRow(1, {
        interfacesKnown: false,
        ips: null,
        lastReportedAt: null,
        staleReason: "AGENT_ABSENT",
        hostId: null,
      }),
      vmRow(2, { ips: [] }),
    );
    store.nics.push(nicRow(1, uuid(1, 1)), nicRow(2, uuid(1, 2)));
    const query = `{ vms { nodes { host { name } nics { guestInterface { name } guestInterfaces { name } }
      guestInfo { ips lastReportedAt stale staleReason networkDevices { name } } } } }`;
    expect(await askForData(store, query)).toMatchObject({
      vms: {
        nodes: [
          {
            host: null,
            nics: [{ guestInterface: null, guestInterfaces: null }],
            guestInfo: {
              ips: null,
              lastReportedAt: null,
              stale: true,
              staleReason: "AGENT_ABSENT",
              networkDevices: null,
            },
          },
          {
            nics: [{ guestInterface: null, guestInterfaces: [] }],
            guestInfo: { ips: [], stale: false, staleReason: null, networkDevices: [] },
          },
        ],
      },
    });
  });

  test("of a state that has no name is UNKNOWN, a host UNASSIGNED: no error", async () => {
    const store = createMemoryReadStore();
    store.vms.push(vmRow(1, { status: 77 }));
    store.hostRows.push(hostRow(1, { status: 99 }));
    expect(await askForData(store, "{ vms { nodes { status host { status } } } }")).toEqual({
      vms: { nodes: [{ status: "UNKNOWN", host: { status: "UNASSIGNED" } }] },
    });
  });

  test("with one odd MAC or address keeps the others", async () => {
    const store = createMemoryReadStore();
    store.vms.push(vmRow(1));
    store.interfaces.push(
      guestInterfaceRow(uuid(1, 1), {
        name: null,
        macAddress: "AA-BB",
        ipv4Addresses: ["1.2.3"],
        ipv6Addresses: ["%"],
      }),
      guestInterfaceRow(uuid(1, 1), {
        macAddress: "80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1",
      }),
      guestInterfaceRow(uuid(1, 1)),
    );
    const data = await askForData(store, "{ vms { nodes { guestInfo { networkDevices { macAddress } } } } }");
    expect(JSON.stringify(data)).toContain('[{"macAddress":"AA-BB"},{"macAddress":"80:00:');
  });
});

describe("vNICs", () => {
  test("say whether they are plugged in; null is not known", async () => {
    const store = createMemoryReadStore();
    for (const [index, plugged] of [true, false, null].entries())
      store.nics.push(nicRow(index, uuid(1, 1), { plugged, macAddress: mac(1) }));
    expect(await askForData(store, `{ vmNics(macAddress: "${mac(1)}") { plugged } }`)).toEqual({
      vmNics: [{ plugged: true }, { plugged: false }, { plugged: null }],
    });
  });
});

describe("vNICs by MAC", () => {
  test("are found in any spelling", async () => {
    const store = createMemoryReadStore();
    store.nics.push(nicRow(10, uuid(1, 1)), nicRow(11, uuid(1, 2), { macAddress: mac(10) }));
    for (const spelling of [
      mac(10),
      mac(10).toUpperCase(),
      mac(10).replaceAll(":", "-"),
      mac(10).replaceAll(":", ""),
    ]) {
      expect(await askForData(store, `{ vmNics(macAddress: "${spelling}") { name } }`)).toEqual({
        vmNics: [{ name: "nic10" }, { name: "nic11" }],
      });
    }
  });
});

describe("VMs", () => {
  test.each(["NAME_ASC", "NAME_DESC", "ID_ASC"])(
    "come page by page in the order %s, each once",
    async (order) => {
      const store = createMemoryReadStore();
      for (let number = 0; number < 25; number++) store.vms.push(vmRow(number, { name: `vm-${number % 3}` }));
      const ids: string[] = [];
      let after: string | null = null;
      do {
        const data = (await askForData(
          store,
          `query ($after: String) { vms(first: 7, after: $after, orderBy: ${order}) {
           nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
          { variables: { after } },
        )) as { vms: Page };
        const { nodes, edges, pageInfo }: Page = data.vms;
        expect(edges.map((edge) => edge.node)).toEqual(nodes);
        expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([
          edges.at(0)!.cursor,
          edges.at(-1)!.cursor,
        ]);
        expect(pageInfo.hasPreviousPage).toBe(after !== null);
        ids.push(...nodes.map((node) => node.id));
        after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      } while (after !== null);
      expect(new Set(ids).size).toBe(25);
      expect(ids).toHaveLength(25);
    },
  );

  test("are 50 unless said otherwise, and are not counted unless asked", async () => {
    const store = createMemoryReadStore();
    for (let number = 0; number < 60; number++) store.vms.push(vmRow(number));
    const data = (await askForData(
      store,
      "{ vms { nodes { id } } n: vms(first: null) { nodes { id } } }",
    )) as Record<string, Page>;
    expect([data["vms"]!.nodes.length, data["n"]!.nodes.length]).toEqual([50, 50]);
    expect(store.calls).toEqual(["readVmsPage"]);
    expect(await askForData(store, "{ vms(first: 1) { totalCount } }")).toEqual({ vms: { totalCount: 60 } });
    expect(store.calls).toEqual(["readVmsPage", "readVmsPage", "countVms"]);
  });

  test("are there though counting them failed", async () => {
    const store = { ...createMemoryReadStore(), countVms: () => Promise.reject(new Error("took too long")) };
    store.vms.push(vmRow(1));
    const { data, errors } = await ask(store, "{ vms { totalCount nodes { name } } }");
    expect(JSON.parse(JSON.stringify(data))).toEqual({
      vms: { totalCount: null, nodes: [{ name: "vm-0001" }] },
    });
    expect(errors?.map(({ path }) => path)).toEqual([["vms", "totalCount"]]);
  });

  test("a page of no VMs has no cursors", async () => {
    expect(
      await askForData(
        createMemoryReadStore(),
        "{ vms { nodes { id } pageInfo { hasNextPage startCursor endCursor } totalCount } }",
      ),
    ).toEqual({
      vms: { nodes: [], pageInfo: { hasNextPage: false, startCursor: null, endCursor: null }, totalCount: 0 },
    });
  });

  test("are filtered by what is given, null being nothing", async () => {
    const store = createMemoryReadStore();
    const filter = `{nameContains: "web", status: [UP, DOWN], hostId: "${uuid(3, 1).toUpperCase()}", ip: "2001:DB8:0::1"}`;
    await askForData(store, `{ vms(filter: ${filter}) { totalCount nodes { id } } }`);
    await askForData(
      store,
      "{ vms(filter: {nameContains: null, status: null, hostId: null, ip: null}) { totalCount } }",
    );
    await askForData(store, "{ vms(filter: null, orderBy: null, after: null) { totalCount } }");
    const wanted = { nameContains: "web", statuses: [1, 0], hostId: uuid(3, 1), ip: "2001:db8::1" };
    expect(store.asked).toEqual([
      { limit: 51, after: null, filter: wanted, order: "NAME_ASC" },
      wanted,
      { limit: 51, after: null, filter: {}, order: "NAME_ASC" },
      {},
      { limit: 51, after: null, filter: {}, order: "NAME_ASC" },
      {},
    ]);
  });

  test("of hosts are bounded and read for all hosts together", async () => {
    const store = createMemoryReadStore();
    for (let number = 0; number < 10; number++) store.vms.push(vmRow(number));
    store.hostRows.push(hostRow(0), hostRow(1));
    expect(await askForData(store, "{ hosts { name vms(first: 1) { name } } }")).toEqual({
      hosts: [
        { name: "host-0", vms: [{ name: "vm-0000" }] },
        { name: "host-1", vms: [{ name: "vm-0001" }] },
      ],
    });
    expect(store.calls).toEqual(["readHosts", "readVmsByHosts"]);
    expect(await askForErrors(store, "{ hosts { vms(first: 501) { name } } }")).toContain(
      "BAD_USER_INPUT: first: must be from 1 to 500, not 501",
    );
  });
});

describe("bad input", () => {
  test.each([
    ['{ vm(id: "x") { id } }', 'id: "x" is not a UUID'],
    ["{ vm(id: 5) { id } }", 'id: "5" is not a UUID'],
    ['{ vmNic(id: "") { id } }', 'id: "" is not a UUID'],
    [`{ vm(id: "${uuid(1, 1)}\\u0000") { id } }`, "is not a UUID"],
    ["{ vms(first: -1) { totalCount } }", "first: must be from 1 to 500, not -1"],
    ["{ vms(first: 0) { totalCount } }", "first: must be from 1 to 500, not 0"],
    ["{ vms(first: 501) { totalCount } }", "first: must be from 1 to 500, not 501"],
    ["{ vms(first: 1000000000) { totalCount } }", "first: must be from 1 to 500, not 1000000000"],
    [
      '{ vms(after: "x") { totalCount } }',
      "after: not a cursor of this gateway; pass an endCursor as it came",
    ],
    ['{ vms(after: "a\\u0000") { totalCount } }', "after: not a cursor of this gateway"],
    [
      '{ vms(filter: {nameContains: "a\\u0000b"}) { totalCount } }',
      "nameContains: must not contain a NUL character",
    ],
    [
      `{ vms(filter: {nameContains: "${"a".repeat(256)}"}) { totalCount } }`,
      "nameContains: 256 characters are too many",
    ],
    ['{ vms(filter: {hostId: "h"}) { totalCount } }', 'hostId: "h" is not a UUID'],
    ['{ vms(filter: {ip: "10.1"}) { totalCount } }', '"10.1" is not a valid IP address'],
    ['{ vmNics(macAddress: "56:6f\\u0000") { id } }', '"56:6f\\u0000" is not a valid MAC address'],
    ["{ vmNics(macAddress: 5) { id } }", "is not a valid MAC address"],
    ['{ vms(filter: {status: "UP"}) { totalCount } }', 'Enum "VmStatus" cannot represent non-enum value'],
  ])("%.70s is refused in one clear line, and asks the store nothing", async (query, message) => {
    const store = createMemoryReadStore();
    const errors = await askForErrors(store, query);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(message);
    expect(errors[0]).not.toContain("\n");
    expect(errors[0]!.length).toBeLessThan(200);
    expect(store.calls).toEqual([]);
  });

  test.each([
    ["query ($v: MAC!) { vmNics(macAddress: $v) { id } }", "00:00"],
    ["query ($v: IP!) { vms(filter: {ip: $v}) { totalCount } }", "10.1.2.3/8"],
    ["query ($v: ID!) { vm(id: $v) { id } }", "x".repeat(10_000)],
  ])("%s with a bad variable is refused with BAD_USER_INPUT", async (query, v) => {
    const store = createMemoryReadStore();
    const { errors } = await ask(store, query, { variables: { v } });
    expect(errors).toHaveLength(1);
    expect(errors![0]!.message.length).toBeLessThan(300);
    expect(errors![0]!.extensions["code"]).toBe("BAD_USER_INPUT");
    expect(store.calls).toEqual([]);
  });
});

interface Page {
  readonly nodes: readonly { readonly id: string }[];
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}
