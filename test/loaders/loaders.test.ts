import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { groupPerKey, pickOnePerKey } from "../../src/loaders/batches/key-order.js";
import { createLoaders } from "../../src/loaders/loaders.js";
import { isUuid } from "../../src/model/uuid.js";
import { mac, uuid } from "../support/builders/ids.js";
import { createMemoryReadStore } from "../support/builders/memory-read-store.js";
import { guestInterfaceRow, hostRow, nicRow, vmRow } from "../support/builders/rows.js";

describe("key order", () => {
  const rows = fc.array(fc.record({ key: fc.constantFrom("a", "b", "c", "d"), value: fc.nat() }));
  const keys = fc.array(fc.constantFrom("a", "b", "c", "x", "__proto__"));

  test("gives every key its rows in the order in which they came, and no other", () => {
    fc.assert(
      fc.property(keys, rows, (wanted, given) => {
        const lists = groupPerKey(wanted, given, (row) => row.key);
        expect(lists).toEqual(wanted.map((key) => given.filter((row) => row.key === key)));
      }),
    );
  });

  test("gives every key a row of its own or null", () => {
    fc.assert(
      fc.property(keys, rows, (wanted, given) => {
        const found = pickOnePerKey(wanted, given, (row) => row.key);
        expect(found).toEqual(wanted.map((key) => given.findLast((row) => row.key === key) ?? null));
      }),
    );
  });
});

describe("loaders", () => {
  test("read many VMs at once and answer in the order asked", async () => {
    const store = createMemoryReadStore();
    store.vms.push(vmRow(1), vmRow(2), vmRow(3));
    const { vmById } = createLoaders(store);
    const found = await vmById.loadMany([uuid(1, 3), uuid(1, 9), uuid(1, 1)]);
    expect(found.map((vm) => (vm as { name: string } | null)?.name)).toEqual([
      "vm-0003",
      undefined,
      "vm-0001",
    ]);
    expect(store.calls).toEqual(["readVmsByIds"]);
  });

  test("answer what is no UUID as absent, without asking the store for it", async () => {
    const store = createMemoryReadStore();
    store.vms.push(vmRow(1));
    const loaders = createLoaders(store);
    expect(await loaders.vmById.loadMany(["", "1", "'; DROP TABLE x", `${uuid(1, 1)}\u0000`])).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(await loaders.nicsByVm.load("no")).toEqual([]);
    expect(await loaders.getVmsByHost(5).load("no")).toEqual([]);
    expect(store.calls).toEqual([]);
    await loaders.vmById.loadMany(["no", uuid(1, 1)]);
    expect(store.asked).toEqual([[uuid(1, 1)]]);
  });

  test("understand upper-case ids, and read each once", async () => {
    const store = createMemoryReadStore();
    const id = "aaaaaaaa-0000-4000-8000-00000000000b";
    store.vms.push(vmRow(1, { id }));
    const { vmById } = createLoaders(store);
    expect(await vmById.loadMany([id.toUpperCase(), id])).toEqual([store.vms[0], store.vms[0]]);
    expect(store.asked).toEqual([[id]]);
  });

  test("do not read again what came with a list", async () => {
    const store = createMemoryReadStore();
    store.vms.push(vmRow(1), vmRow(2));
    store.nics.push(nicRow(1, uuid(1, 1)));
    store.hostRows.push(hostRow(0), hostRow(1));
    const loaders = createLoaders(store);
    await loaders.loadVmsPage({ limit: 10, after: null, filter: {}, order: "NAME_ASC" });
    await loaders.loadHosts();
    await loaders.nicsByMac.load(mac(1));
    store.calls.length = 0;
    await Promise.all([
      loaders.vmById.load(uuid(1, 2)),
      loaders.nicById.load(uuid(2, 1)),
      loaders.hostById.load(uuid(3, 1)),
    ]);
    expect(store.calls).toEqual([]);
  });

  test("ask the same page and count once, until told to forget", async () => {
    const store = createMemoryReadStore();
    const loaders = createLoaders(store);
    const page = { limit: 10, after: null, filter: { nameContains: "a" }, order: "NAME_ASC" } as const;
    const twice = () =>
      Promise.all([
        loaders.loadVmsPage(page),
        loaders.loadVmsPage({ ...page }),
        loaders.countVms({}),
        loaders.countVms({}),
      ]);
    await twice();
    await loaders.countVms({ hostId: uuid(3, 1) });
    expect(store.calls).toEqual(["readVmsPage", "countVms", "countVms"]);
    loaders.forget();
    await twice();
    expect(store.calls).toHaveLength(5);
  });

  test("tell unknown interfaces from none", async () => {
    const store = createMemoryReadStore();
    store.vms.push(vmRow(1, { interfacesKnown: false }), vmRow(2), vmRow(3));
    store.interfaces.push(guestInterfaceRow(uuid(1, 3)), guestInterfaceRow(uuid(1, 3)));
    const { loadKnownGuestInterfaces } = createLoaders(store);
    const found = await Promise.all([1, 2, 3, 4].map((number) => loadKnownGuestInterfaces(uuid(1, number))));
    expect(found).toEqual([null, [], [guestInterfaceRow(uuid(1, 3)), guestInterfaceRow(uuid(1, 3))], null]);
    expect(store.calls.sort()).toEqual(["readGuestInterfacesByVms", "readVmsByIds"]);
  });

  test("give each host its first VMs by name, for all hosts in one read", async () => {
    const store = createMemoryReadStore();
    for (let number = 0; number < 20; number++) store.vms.push(vmRow(number));
    const { getVmsByHost } = createLoaders(store);
    const lists = await getVmsByHost(3).loadMany([uuid(3, 1), uuid(3, 7), uuid(3, 0)]);
    expect(lists.map((list) => (list as readonly { name: string }[]).map((vm) => vm.name))).toEqual([
      ["vm-0001", "vm-0003", "vm-0005"],
      [],
      ["vm-0000", "vm-0002", "vm-0004"],
    ]);
    expect(store.calls).toEqual(["readVmsByHosts"]);
  });

  test("do not hold more than 50,000 VMs of hosts in one read", async () => {
    const store = createMemoryReadStore();
    const { getVmsByHost } = createLoaders(store);
    await getVmsByHost(500).loadMany(Array.from({ length: 250 }, (_, number) => uuid(3, number)));
    expect(store.asked.map((ids) => (ids as string[]).length)).toEqual([100, 100, 50]);
  });

  test("of two requests share nothing", async () => {
    const store = createMemoryReadStore();
    await createLoaders(store).vmById.load(uuid(1, 1));
    store.vms.push(vmRow(1));
    expect(await createLoaders(store).vmById.load(uuid(1, 1))).toEqual(store.vms[0]);
  });
});

test("only what PostgreSQL takes as a UUID is one", () => {
  fc.assert(fc.property(fc.uuid(), (id) => isUuid(id) && isUuid(id.toUpperCase())));
  for (const text of [
    "",
    "1",
    `${uuid(1, 1)}\n`,
    ` ${uuid(1, 1)}`,
    uuid(1, 1).replaceAll("-", ""),
    `{${uuid(1, 1)}}`,
  ]) {
    expect(isUuid(text)).toBe(false);
  }
});
