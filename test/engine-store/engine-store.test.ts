import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngineStore, type EngineStore } from "../../src/engine-store/engine-store.js";
import { VM_STATUS } from "../../src/model/guest/vm-status.js";
import { createEngineDatabase, type EngineDatabase } from "./engine-database.js";
import { ids, SMALL_ENGINE, WINDOWS_NAME } from "./small-engine.js";

let engine: EngineDatabase;
let store: EngineStore;

beforeAll(async () => {
  engine = await createEngineDatabase();
  await engine.asEngine(...SMALL_ENGINE);
  store = createEngineStore(engine.dataSource);
});

afterAll(() => engine.drop());

const everyVm = { limit: 100, after: null, filter: {}, order: "NAME_ASC" } as const;

describe("VMs of an engine", () => {
  test("are all of them, without templates, with or without statistics or a state", async () => {
    const names = (await store.readVmsPage(everyVm)).map((vm) => vm.name);
    expect(names).toEqual(["bare", "blank", "busy", "lost", "stopped", "twin", "twin", "twin", "windows"]);
    expect(await store.countVms({})).toBe(9);
  });

  test("carry state, host, name and addresses as the engine has them", async () => {
    const [busy] = await store.readVmsByIds([ids.busy]);
    expect(busy).toEqual({
      id: ids.busy,
      name: "busy",
      status: VM_STATUS.UP,
      hostId: ids.host,
      // vm_ip says otherwise than the rows, and holds a word that is no address.
      ips: ["192.0.2.99", "2001:db8::99"],
      fqdn: "busy.example",
      interfacesKnown: true,
      nicsKnown: true,
      lastReportedAt: null,
      staleReason: null,
      staleDetail: null,
      staleSince: null,
      lastChangedAt: null,
    });
  });

  test("VMs of an engine that do not run have no addresses and no interfaces, whatever rows an engine keeps of their last run", async () => {
    for (const status of [
      VM_STATUS.DOWN,
      VM_STATUS.SUSPENDED,
      VM_STATUS.IMAGE_ILLEGAL,
      VM_STATUS.IMAGE_LOCKED,
    ]) {
      await engine.asEngine(
        `UPDATE vm_dynamic SET status = ${status}, vm_ip = '192.0.2.50' WHERE vm_guid = '${ids.stopped}'`,
      );
      const [vm] = await store.readVmsByIds([ids.stopped]);
      expect(vm).toMatchObject({ status, ips: [], interfacesKnown: true, staleReason: null });
      expect(await store.readGuestInterfacesByVms([ids.stopped])).toEqual([]);
      expect(await store.countVms({ ip: "192.0.2.50" })).toBe(0);
      const match = { parts: ["", "192.0.2.50", ""], ignoreCase: true };
      expect(await store.countVms({ search: { kind: "anyText", match } })).toBe(0);
    }
    await engine.asEngine(
      `UPDATE vm_dynamic SET status = ${VM_STATUS.DOWN}, vm_ip = NULL WHERE vm_guid = '${ids.stopped}'`,
    );
  });

  test("whose addresses an engine cleared while it keeps their rows have those of the rows, marked stale", async () => {
    const [vm] = await store.readVmsByIds([ids.lost]);
    expect(vm).toMatchObject({ staleReason: "HOST_UNREACHABLE", ips: ["192.0.2.60"] });
    expect(await store.readGuestInterfacesByVms([ids.lost])).toMatchObject([
      { ipv4Addresses: ["192.0.2.60"] },
    ]);
  });

  test.each(["127.0.0.53", "::1", "::FFFF:7f00:1 127.0.0.1"])(
    "have the addresses of their interfaces where an engine's own list is %s",
    async (text) => {
      await engine.asEngine(`UPDATE vm_dynamic SET vm_ip = '${text}' WHERE vm_guid = '${ids.lost}'`);
      const [vm] = await store.readVmsByIds([ids.lost]);
      await engine.asEngine(`UPDATE vm_dynamic SET vm_ip = NULL WHERE vm_guid = '${ids.lost}'`);
      expect(vm).toMatchObject({ ips: ["192.0.2.60"] });
    },
  );

  test.each([
    "aa:BB:cc:dd:ee:f1",
    "AA-bb-CC-DD-EE-F1",
    "AABB.ccdd.eef1",
    "aabbccDDEEf1",
    "AABB-CCDD-EEF1",
    " aa bb cc dd ee F1 ",
  ])("are found by a guest's MAC that an engine has as %j", async (text) => {
    const isOfLost = `vm_id = '${ids.lost}'`;
    await engine.asEngine(`UPDATE vm_guest_agent_interfaces SET mac_address = '${text}' WHERE ${isOfLost}`);
    const [shown] = await store.readGuestInterfacesByVms([ids.lost]);
    expect(shown?.macAddress).toBe("aa:bb:cc:dd:ee:f1");
    for (const kind of ["guestMac", "mac"] as const) {
      expect(await store.countVms({ search: { kind, mac: "aa:bb:cc:dd:ee:f1" } })).toBe(1);
      expect(await store.countVms({ search: { kind, mac: "aa:bb:cc:dd:ee:1f" } })).toBe(0);
    }
  });

  test("are stale by their state where the rows are those of an earlier run", async () => {
    const rows = await store.readVmsByIds([ids.stopped, ids.lost, ids.blank, ids.bare]);
    const byId = new Map(rows.map((vm) => [vm.id, vm]));
    expect(byId.get(ids.stopped)).toMatchObject({
      interfacesKnown: true,
      staleReason: null,
      ips: [],
    });
    expect(byId.get(ids.lost)).toMatchObject({ interfacesKnown: true, staleReason: "HOST_UNREACHABLE" });
    expect(byId.get(ids.blank)).toMatchObject({
      interfacesKnown: false,
      staleReason: "AGENT_ABSENT",
      ips: null,
    });
    expect(byId.get(ids.bare)).toMatchObject({ status: VM_STATUS.UNASSIGNED, hostId: null, fqdn: null });
  });

  test.each(["NAME_ASC", "NAME_DESC", "ID_ASC"] as const)(
    "come page by page, each once, also where names are equal: %s",
    async (order) => {
      const whole = await store.readVmsPage({ ...everyVm, order });
      for (const limit of [1, 2, 4]) {
        const seen: string[] = [];
        for (let after: { name: string; id: string } | null = null; ;) {
          const page = await store.readVmsPage({ limit, after, filter: {}, order });
          seen.push(...page.map((vm) => vm.id));
          const last = page.at(-1);
          if (last === undefined) break;
          after = last;
        }
        expect(seen).toEqual(whole.map((vm) => vm.id));
      }
    },
  );

  test.each([
    ["part of a name, any case", { nameContains: "WIN" }, ["twin", "twin", "twin", "windows"]],
    ["a name with characters that LIKE knows", { nameContains: "%" }, []],
    ["state", { statuses: [VM_STATUS.DOWN] }, ["stopped"]],
    ["no state", { statuses: [VM_STATUS.UNASSIGNED] }, ["bare"]],
    [
      "host",
      { hostId: "a0000000-0000-4000-8000-000000000001" },
      ["blank", "busy", "twin", "twin", "twin", "windows"],
    ],
    ["an IPv4 address", { ip: "192.0.2.10" }, ["busy"]],
    ["an IPv4 address that is only the beginning of one", { ip: "192.0.2.1" }, []],
    ["an address that only vm_ip has", { ip: "192.0.2.99" }, ["busy"]],
    ["an IPv6 address in capitals, with a zone", { ip: "fe80::abcd" }, ["busy"]],
    ["an IPv6 address written out in full", { ip: "2001:db8::5" }, ["windows"]],
    ["an IPv6 address with leading zeros", { ip: "2001:db8::6" }, ["windows"]],
    ["an address of the last run of a VM that stopped", { ip: "192.0.2.50" }, []],
    ["an IPv6 address that only begins like one in capitals", { ip: "fe80::abc" }, []],
    ["all together", { nameContains: "b", statuses: [1], hostId: ids.host, ip: "192.0.2.10" }, ["busy"]],
  ])("are found by %s", async (_, filter, names) => {
    expect((await store.readVmsPage({ ...everyVm, filter })).map((vm) => vm.name)).toEqual(names);
    expect(await store.countVms(filter)).toBe(names.length);
  });

  test("are found by their hosts, the first by name", async () => {
    const rows = await store.readVmsByHosts([ids.host, ids.lostHost], 2);
    expect(rows.map((vm) => vm.name).toSorted()).toEqual(["blank", "busy", "lost"]);
    expect(await store.readVmsByHosts([ids.host])).toHaveLength(6);
  });

  test("VMs of an engine that are templates are answered to no key", async () => {
    expect(await store.readVmsByIds([ids.template])).toEqual([]);
    expect(await store.readNicsByVms([ids.template])).toEqual([]);
    expect(await store.readNicsByMacs(["56:6f:00:00:00:ff"])).toEqual([]);
  });
});

describe("interfaces of an engine's guests", () => {
  test("are all there, equal rows included, in the order of their content", async () => {
    const rows = await store.readGuestInterfacesByVms([ids.busy]);
    expect(rows.map((row) => row.name)).toEqual([
      "dash",
      "eth0",
      "eth0",
      "eth0",
      "eth1",
      "ib0",
      "junk",
      null,
    ]);
  });

  test("have MACs in lower case with colons, and none where there is none", async () => {
    const rows = await store.readGuestInterfacesByVms([ids.busy]);
    expect(rows.map((row) => row.macAddress)).toEqual([
      "56:6f:00:00:00:03",
      "56:6f:00:00:00:01",
      "56:6f:00:00:00:01",
      "56:6f:00:00:00:01",
      "56:6f:00:00:00:02",
      "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:1d:ab:12",
      null,
      null,
    ]);
  });

  test("have '' and NULL for none, and lose no row to a malformed address", async () => {
    const rows = await store.readGuestInterfacesByVms([ids.busy]);
    const byName = new Map(rows.map((row) => [row.name, row]));
    expect(byName.get("eth1")).toMatchObject({
      ipv4Addresses: ["192.0.2.10", "192.0.2.11"],
      ipv6Addresses: ["fe80::abcd"],
    });
    expect(byName.get("eth0")).toMatchObject({ ipv4Addresses: [], ipv6Addresses: [] });
    expect(byName.get("junk")).toMatchObject({ ipv4Addresses: ["192.0.2.12"], ipv6Addresses: [] });
  });

  test("have no name where it is empty", async () => {
    expect(await store.readGuestInterfacesByVms([ids.lost])).toMatchObject([
      { name: null, ipv4Addresses: ["192.0.2.60"] },
    ]);
  });

  test("keep a Windows name of 86 characters whole", async () => {
    const [row] = await store.readGuestInterfacesByVms([ids.windows]);
    expect(WINDOWS_NAME).toHaveLength(86);
    expect(row?.name).toBe(WINDOWS_NAME);
    expect(row?.ipv6Addresses).toEqual(["2001:db8::5", "2001:db8::6"]);
  });
});

describe("vNICs of an engine", () => {
  test("get their network through the profile, and say what is linked and what plugged", async () => {
    expect(await store.readNicsByVms([ids.busy])).toEqual([
      {
        id: ids.nic1,
        vmId: ids.busy,
        name: "nic1",
        macAddress: "56:6f:00:00:00:01",
        network: "ovirtmgmt",
        networkId: ids.network,
        linked: true,
        plugged: true,
      },
      {
        id: ids.nic2,
        vmId: ids.busy,
        name: "nic2",
        macAddress: "56:6f:00:00:00:02",
        network: null,
        networkId: null,
        linked: true,
        plugged: false,
      },
      {
        id: ids.nic3,
        vmId: ids.busy,
        name: "nic3",
        macAddress: null,
        network: "ovirtmgmt",
        networkId: ids.network,
        linked: false,
        plugged: null,
      },
    ]);
  });

  test("are found by id and by MAC, which several VMs may share", async () => {
    expect((await store.readNicsByIds([ids.nic2])).map((nic) => nic.name)).toEqual(["nic2"]);
    const shared = await store.readNicsByMacs(["56:6f:00:00:00:01"]);
    expect(shared.map((nic) => nic.vmId).toSorted()).toEqual([ids.busy, ids.windows].toSorted());
  });
});

describe("hosts of an engine", () => {
  test("have name, address and the engine's state, and no times", async () => {
    const none = {
      lastAttemptAt: null,
      lastSuccessAt: null,
      lastError: null,
      lastWarning: null,
      polled: null,
    };
    expect(await store.readHosts()).toEqual([
      { id: ids.host, name: "alpha", address: "alpha.example:54321", status: 3, ...none },
      { id: ids.lostHost, name: "lost", address: "[2001:db8::1]:54321", status: 4, ...none },
      { id: ids.newHost, name: "new", address: "new.example:54321", status: 0, ...none },
    ]);
    expect((await store.readHostsByIds([ids.lostHost])).map((host) => host.name)).toEqual(["lost"]);
  });

  test("need not be waited for", async () => {
    expect(await store.readPollingState()).toMatchObject({ untried: 0 });
  });
});

describe("a reader with a scope", () => {
  const nobody = { namePatterns: [], hostIds: [], vmIds: [] };

  test.each([
    ["names", { ...nobody, namePatterns: ["tw*", "b?sy"] }, ["busy", "twin", "twin", "twin"]],
    ["hosts", { ...nobody, hostIds: [ids.lostHost] }, ["lost"]],
    ["ids", { ...nobody, vmIds: [ids.bare, ids.template] }, ["bare"]],
    ["nothing", nobody, []],
  ])("sees the VMs that %s give it", async (_, scope, names) => {
    const reader = store.createReaderFor(scope);
    expect((await reader.readVmsPage(everyVm)).map((vm) => vm.name)).toEqual(names);
    expect(await reader.countVms({})).toBe(names.length);
    const all = (await store.readVmsPage(everyVm)).map((vm) => vm.id);
    expect(await reader.readVmsByIds(all)).toHaveLength(names.length);
  });

  test("sees no vNIC and no interface of another VM, by no key", async () => {
    const reader = store.createReaderFor({ ...nobody, vmIds: [ids.stopped] });
    expect(await reader.readNicsByVms([ids.busy])).toEqual([]);
    expect(await reader.readNicsByIds([ids.nic1])).toEqual([]);
    expect(await reader.readNicsByMacs(["56:6f:00:00:00:01"])).toEqual([]);
    expect(await reader.readGuestInterfacesByVms([ids.busy])).toEqual([]);
    expect(await reader.readVmsByHosts([ids.host])).toEqual([]);
    expect(await reader.readVmsPage({ ...everyVm, filter: { ip: "192.0.2.10" } })).toEqual([]);
    expect(
      await store.createReaderFor({ ...nobody, vmIds: [ids.lost] }).readGuestInterfacesByVms([ids.lost]),
    ).toHaveLength(1);
  });

  test("without a scope sees all", async () => {
    expect(await store.createReaderFor(null).countVms({})).toBe(9);
  });
});
