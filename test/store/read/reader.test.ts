import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReadStore, Store, VmFilter, VmOrder, VmScope } from "../../../src/store/types.js";
import type { TestDatabase } from "../../support/databases/database.js";
import { createDatabase } from "../../support/databases/database.js";
import { HOST_A, HOST_B, HOST_C, id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic, vmState } from "../../support/builders/stored.js";

const VMS = [
  vmState(1, { name: "web-1", ips: "10.1.2.3 2001:db8::1" }),
  vmState(2, { name: "web-2", ips: "10.1.2.30", status: 4 }),
  vmState(3, { name: "Web-3" }),
  vmState(4, { name: "100%_sure", ownerId: HOST_B }),
  vmState(5, { name: "Ärger", ownerId: HOST_B, ips: "192.0.2.7", silence: "ips-only" }),
  vmState(6, { name: "web-2", ownerId: null, status: 0 }),
];
const DEVICES = [
  toGuestInterfaceOf(1),
  toGuestInterfaceOf(1),
  toGuestInterfaceOf(1, {
    name: "br0",
    ipv4Addresses: ["10.1.2.3", "172.17.0.1"],
    ipv6Addresses: ["fe80::1", "2001:db8::1"],
  }),
  toGuestInterfaceOf(4, { name: null, macAddress: null, ipv4Addresses: [], ipv6Addresses: ["2001:db8::4"] }),
];
const NICS = [
  toStoredNic(1, 1),
  toStoredNic(2, 1, { name: "nic2", macAddress: "56:6f:00:00:00:02" }),
  toStoredNic(3, 4, { network: null }),
];

const NICS_BY_NAME = [NICS[0]!, NICS[2]!, NICS[1]!];

let database: TestDatabase;
let store: Store;

beforeAll(async () => {
  database = await createDatabase();
  store = database.store;
  await store.registerHosts(HOSTS, INTERVAL_MS);
  await writePass(store, HOST_A, {
    newVms: VMS,
    insertedInterfaces: DEVICES,
    interfaceOrders: [{ vmId: id(1), names: ["eth0", "br0", "eth0"] }],
    upsertedNics: NICS,
  });
  await writePass(store, HOST_B);
  // An engine keeps templates beside the VMs.
  await database.dataSource.query(
    "INSERT INTO vm_static (vm_guid, vm_name, entity_type) VALUES ($1, 'web', 'TEMPLATE')",
    [id(90)],
  );
  await database.dataSource.query("INSERT INTO vm_dynamic (vm_guid, status) VALUES ($1, 0)", [id(90)]);
});

afterAll(async () => {
  await database.drop();
});

async function findNames(filter: VmFilter, order: VmOrder = "NAME_ASC", reader = store): Promise<string[]> {
  const rows = await reader.readVmsPage({ limit: 100, after: null, filter, order });
  expect(await reader.countVms(filter)).toBe(rows.length);
  return rows.map((row) => row.name);
}

describe("reading VMs", () => {
  test.each<[VmOrder, number[]]>([
    ["NAME_ASC", [4, 3, 1, 2, 6, 5]],
    ["NAME_DESC", [5, 6, 2, 1, 3, 4]],
    ["ID_ASC", [1, 2, 3, 4, 5, 6]],
  ])("pages through all in the order %s, whatever the size of a page", async (order, numbers) => {
    for (const limit of [1, 2, 4, 6, 7]) {
      const seen: string[] = [];
      let after = null;
      for (;;) {
        const rows = await store.readVmsPage({ limit, after, filter: {}, order });
        seen.push(...rows.map((row) => row.id));
        const last = rows.at(-1);
        if (last === undefined) break;
        after = { name: last.name, id: last.id };
      }
      expect(seen).toEqual(numbers.map(id));
    }
  });

  test.each(
    Object.entries<{ readonly filter: VmFilter; readonly names: string[] }>({
      nothing: { filter: {}, names: ["100%_sure", "Web-3", "web-1", "web-2", "web-2", "Ärger"] },
      "part of a name in any case": {
        filter: { nameContains: "WEB-" },
        names: ["Web-3", "web-1", "web-2", "web-2"],
      },
      "letters of any language": { filter: { nameContains: "ärg" }, names: ["Ärger"] },
      "% for what it is": { filter: { nameContains: "%" }, names: ["100%_sure"] },
      "_ for what it is": { filter: { nameContains: "_" }, names: ["100%_sure"] },
      "a backslash for what it is": { filter: { nameContains: "\\" }, names: [] },
      statuses: { filter: { statuses: [4, 0] }, names: ["web-2", "web-2"] },
      "no status at all": { filter: { statuses: [] }, names: [] },
      "a host": { filter: { hostId: HOST_B }, names: ["100%_sure", "Ärger"] },
      "an address of the VM": { filter: { ip: "192.0.2.7" }, names: ["Ärger"] },
      "an address of an interface alone": { filter: { ip: "172.17.0.1" }, names: ["web-1"] },
      "an IPv6 address of an interface alone": { filter: { ip: "2001:db8::4" }, names: ["100%_sure"] },
      "a whole address, not its beginning": { filter: { ip: "10.1.2.3" }, names: ["web-1"] },
      "all conditions together": {
        filter: { nameContains: "web", statuses: [1], hostId: HOST_A },
        names: ["Web-3", "web-1"],
      },
    }),
  )("filters by %s", async (_, { filter, names }) => {
    expect(await findNames(filter)).toEqual(names);
  });

  test("finds an address among many through the indexes", async () => {
    const other = await createDatabase();
    await other.store.registerHosts(HOSTS, INTERVAL_MS);
    const numbers = Array.from({ length: 3_000 }, (_, index) => index + 1);
    const formatAddress = (number: number) => `10.1.${number >> 8}.${number & 255}`;
    await writePass(other.store, HOST_A, {
      newVms: numbers.map((number) => vmState(number, { ips: formatAddress(number) })),
      insertedInterfaces: numbers.map((number) =>
        toGuestInterfaceOf(number, { ipv4Addresses: [formatAddress(number)] }),
      ),
      upsertedNics: numbers.map((number) => toStoredNic(number, number)),
    });
    await other.dataSource.query("ANALYZE");
    other.statements();
    const page = { limit: 50, after: null, filter: { ip: "10.1.2.3" }, order: "NAME_ASC" } as const;
    expect((await other.store.readVmsPage(page)).map((row) => row.id)).toEqual([id(0x203)]);
    const [statement] = other.statements();
    const plan = JSON.stringify(await other.dataSource.query(`EXPLAIN ${statement!}`, ["10.1.2.3", 50]));
    expect(plan).toContain("idx_vnic_graph_address_address");
    expect(plan).not.toMatch(/Seq Scan on vm_/);
    const byName = JSON.stringify(
      await other.dataSource.query(
        `EXPLAIN SELECT FROM vm_static s WHERE s.entity_type = 'VM' ORDER BY s.vm_name COLLATE "C", s.vm_guid LIMIT 50`,
      ),
    );
    expect(byName).toContain("idx_vm_static_vm_name_vm_guid");
    await other.drop();
  });

  test("by ids and by hosts, absent ones absent", async () => {
    expect((await store.readVmsByIds([id(2), id(1), id(77), id(90)])).map((row) => row.id)).toEqual([
      id(1),
      id(2),
    ]);
    expect((await store.readVmsByHosts([HOST_B, HOST_C])).map((row) => row.name)).toEqual([
      "100%_sure",
      "Ärger",
    ]);
    expect(await store.readVmsByIds([])).toEqual([]);
    expect(await store.readVmsByHosts([])).toEqual([]);
  });

  test("by hosts reads the first of each by name and no others, those in the scope alone", async () => {
    const findNames = async (limit: number, reader: ReadStore = store) =>
      (await reader.readVmsByHosts([HOST_B, HOST_A, HOST_A], limit)).map((row) => row.name);
    expect(await findNames(1)).toEqual(["100%_sure", "Web-3"]);
    expect(await findNames(2)).toEqual(["100%_sure", "Web-3", "web-1", "Ärger"]);
    const reader = store.createReaderFor({ namePatterns: ["web-*"], hostIds: [], vmIds: [id(5)] });
    expect(await findNames(1, reader)).toEqual(["web-1", "Ärger"]);
  });

  test("V7: tells vNICs that are not known from none", async () => {
    const known = async () => (await store.readVmsByIds([id(0x301)]))[0]?.nicsKnown;
    const [unknown, asked] = [vmState(0x301, { inventoryHash: null }), vmState(0x301, { inventoryHash: "" })];
    await writePass(store, HOST_A, { newVms: [unknown] });
    expect(await known()).toBe(false);
    await writePass(store, HOST_A, { upsertedNics: [toStoredNic(0x301, 0x301)] });
    expect(await known()).toBe(true);
    const gone = {
      deletedNics: [toStoredNic(0x301, 0x301)],
      changedVms: [{ before: unknown, after: asked }],
    };
    expect(await writePass(store, HOST_A, gone)).toBe(true);
    expect(await known()).toBe(true);
    await database.dataSource.query("DELETE FROM vm_static WHERE vm_guid = $1", [id(0x301)]);
  });

  test("tells unknown from none", async () => {
    const rows = await store.readVmsByIds([id(1), id(3), id(5)]);
    expect(rows.map(({ name, ips, interfacesKnown }) => ({ name, ips, interfacesKnown }))).toEqual([
      { name: "Web-3", ips: [], interfacesKnown: true },
      { name: "web-1", ips: ["10.1.2.3", "2001:db8::1"], interfacesKnown: true },
      { name: "Ärger", ips: ["192.0.2.7"], interfacesKnown: false },
    ]);
  });
});

describe("reading what belongs to VMs", () => {
  test("interfaces in reported order, equal ones as many as they are", async () => {
    const devices = await store.readGuestInterfacesByVms([id(1), id(4), id(2)]);
    expect(devices.filter((each) => each.vmId === id(1))).toEqual([DEVICES[0], DEVICES[2], DEVICES[1]]);
    expect(devices.filter((each) => each.vmId !== id(1))).toEqual([DEVICES[3]]);
  });

  test("vNICs by VM, id and MAC", async () => {
    expect(await store.readNicsByVms([id(1), id(2)])).toEqual([NICS[0], NICS[1]]);
    expect(await store.readNicsByIds([NICS[2]!.id, id(1)])).toEqual([NICS[2]]);
    expect(await store.readNicsByMacs(["56:6f:00:00:00:01"])).toEqual([NICS[0], NICS[2]]);
  });

  test("vNICs that a host told of are plugged in, whatever their cable", async () => {
    const told = (await store.readNicsByVms([id(1), id(2), id(4)])).map(({ plugged }) => plugged);
    expect(told).toEqual([true, true, true]);
  });

  test("costs one statement a call, whatever the number of keys", async () => {
    const ids = VMS.map((each) => each.id);
    const reader = store.createReaderFor({ namePatterns: ["*"], hostIds: [], vmIds: [] });
    for (const reads of [store, reader]) {
      database.statements();
      await reads.readVmsPage({ limit: 50, after: null, filter: { ip: "::1" }, order: "NAME_ASC" });
      await reads.countVms({});
      await reads.readVmsByIds(ids);
      await reads.readVmsByHosts([HOST_A, HOST_B]);
      await reads.readNicsByVms(ids);
      await reads.readNicsByIds(ids);
      await reads.readNicsByMacs([]);
      await reads.readGuestInterfacesByVms(ids);
      await reads.readHosts();
      await reads.readHostsByIds([HOST_A]);
      expect(database.statements()).toHaveLength(10);
    }
  });
});

describe("a reader with a scope", () => {
  test.each(
    Object.entries<{ readonly lists: Partial<VmScope>; readonly numbers: number[] }>({
      nothing: { lists: {}, numbers: [] },
      "a name": { lists: { namePatterns: ["web-1"] }, numbers: [1] },
      "names with *": { lists: { namePatterns: ["web*"] }, numbers: [1, 2, 6] },
      "names with ?": { lists: { namePatterns: ["?eb-?"] }, numbers: [3, 1, 2, 6] },
      "% and _ for what they are": { lists: { namePatterns: ["web%", "web__"] }, numbers: [] },
      "a backslash for what it is": { lists: { namePatterns: ["web\\*"] }, numbers: [] },
      "a host": { lists: { hostIds: [HOST_B] }, numbers: [4, 5] },
      ids: { lists: { vmIds: [id(6), id(90)] }, numbers: [6] },
      "any of all": {
        lists: { namePatterns: ["Web*"], hostIds: [HOST_B], vmIds: [id(1)] },
        numbers: [4, 3, 1, 5],
      },
    }),
  )("by %s sees those VMs by every way", async (_, { lists, numbers }) => {
    const reader = store.createReaderFor({ namePatterns: [], hostIds: [], vmIds: [], ...lists });
    const visible = numbers.map(id);
    const all = [...VMS.map((each) => each.id), id(90)];
    const isVisible = ({ vmId }: { vmId: string }) => visible.includes(vmId);
    expect(
      (await reader.readVmsPage({ limit: 50, after: null, filter: {}, order: "NAME_ASC" })).map(
        (row) => row.id,
      ),
    ).toEqual(visible);
    expect(await reader.countVms({})).toBe(numbers.length);
    expect(await reader.countVms({ nameContains: "web-1" })).toBe(visible.includes(id(1)) ? 1 : 0);
    expect(await reader.countVms({ ip: "2001:db8::4" })).toBe(visible.includes(id(4)) ? 1 : 0);
    expect((await reader.readVmsByIds(all)).map((row) => row.id)).toEqual(visible);
    expect((await reader.readVmsByHosts([HOST_A, HOST_B])).map((row) => row.id)).toEqual(
      visible.filter((vmId) => vmId !== id(6)),
    );
    expect(await reader.readNicsByVms(all)).toEqual(NICS_BY_NAME.filter(isVisible));
    expect(await reader.readNicsByIds(NICS.map((each) => each.id))).toHaveLength(
      NICS.filter(isVisible).length,
    );
    expect(await reader.readNicsByMacs(["56:6f:00:00:00:02"])).toEqual([NICS[1]!].filter(isVisible));
    expect(await reader.readGuestInterfacesByVms(all)).toHaveLength(DEVICES.filter(isVisible).length);
  });

  test("of null sees all", async () => {
    expect(await store.createReaderFor(null).countVms({})).toBe(VMS.length);
  });
});
