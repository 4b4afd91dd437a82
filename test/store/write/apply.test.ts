import { describe, expect, test } from "vitest";
import type { HostChanges, Store } from "../../../src/store/types.js";
import type { TestDatabase } from "../../support/databases/database.js";
import { cleanDatabase } from "../clean-database.js";
import { HOST_A, HOST_B, HOST_C, id } from "../../support/builders/ids.js";
import { PASS, claimHost, writePass } from "../../support/builders/passes.js";
import {
  vmChange,
  hostChanges,
  toGuestInterfaceOf,
  toStoredNic,
  vmState,
} from "../../support/builders/stored.js";

let database: TestDatabase;
let store: Store;

cleanDatabase((given) => {
  database = given;
  ({ store } = given);
});

async function storedVm(number: number) {
  return (await store.readHostVms(HOST_A, [id(number)])).find((stored) => stored.id === id(number))!;
}

async function readEpoch(hostId: string): Promise<number> {
  const [row] = await database.dataSource.query<{ epoch: string }[]>(
    "SELECT epoch FROM vnic_graph_host WHERE host_id = $1",
    [hostId],
  );
  return Number(row!.epoch);
}

describe("a pass", () => {
  test("stores VMs, interfaces and vNICs, and reads them back as they were", async () => {
    const state = vmState(1, {
      name: "Grüße 😀 %_\\\"'",
      ips: "10.1.2.3 2001:db8::1",
      fqdn: "a.example",
      inventoryHash: "-123",
      silence: "ips-only",
    });
    const names = ["eth0", null, 'a "b"\\,{}', "NULL", ""];
    const devices = names.map((name, index) =>
      toGuestInterfaceOf(1, {
        name,
        macAddress: index === 2 ? null : `56:6f:00:00:00:0${index}`,
        ipv6Addresses: ["fe80::1", "::1"],
      }),
    );
    const nics = [
      toStoredNic(1, 1),
      toStoredNic(2, 1, { name: "nic2", macAddress: null, network: null, linked: false }),
    ];
    expect(
      await writePass(store, HOST_A, {
        newVms: [state],
        insertedInterfaces: devices.toReversed(),
        interfaceOrders: [{ vmId: id(1), names }],
        upsertedNics: nics,
      }),
    ).toBe(true);
    expect(await storedVm(1)).toEqual({ ...state, interfaces: devices, nics });
  });

  test("updates every value of a VM", async () => {
    const before = vmState(1);
    await writePass(store, HOST_A, { newVms: [before] });
    const after = {
      ...before,
      name: "other",
      status: 5,
      incomingId: HOST_B,
      contenderId: HOST_C,
      ips: "::1",
      fqdn: "b.example",
      inventoryHash: "7",
      silence: "silent" as const,
      missedPasses: 1,
    };
    expect(await writePass(store, HOST_A, { changedVms: [{ before, after }] })).toBe(true);
    expect(await storedVm(1)).toEqual({ ...after, interfaces: [], nics: [] });
  });

  test("updates and deletes one of two equal interfaces, in the same pass", async () => {
    const twin = toGuestInterfaceOf(1);
    await writePass(store, HOST_A, { newVms: [vmState(1)], insertedInterfaces: [twin, twin, twin] });
    const after = { ...twin, ipv4Addresses: ["10.9.9.9"] };
    await writePass(store, HOST_A, {
      deletedInterfaces: [twin],
      updatedInterfaces: [{ before: twin, after }],
    });
    expect((await storedVm(1)).interfaces).toEqual([twin, after]);
  });

  test("takes NULL in an engine's row for no addresses", async () => {
    await writePass(store, HOST_A, { newVms: [vmState(1)] });
    await database.dataSource.query("INSERT INTO vm_guest_agent_interfaces (vm_id) VALUES ($1), ($1)", [
      id(1),
    ]);
    const before = toGuestInterfaceOf(1, { name: null, macAddress: null, ipv4Addresses: [] });
    const after = { ...before, ipv6Addresses: ["::1"] };
    expect(await writePass(store, HOST_A, { updatedInterfaces: [{ before, after }] })).toBe(true);
    expect((await storedVm(1)).interfaces).toEqual([before, after]);
  });

  test("moves, renames and deletes vNICs", async () => {
    await writePass(store, HOST_A, {
      newVms: [vmState(1), vmState(2)],
      upsertedNics: [toStoredNic(1, 1), toStoredNic(2, 1), toStoredNic(3, 1)],
    });
    const moved = toStoredNic(2, 2, { name: "nic9", macAddress: null, network: null, linked: false });
    const renetworked = toStoredNic(3, 1, { network: "other" });
    await writePass(store, HOST_A, {
      upsertedNics: [moved, renetworked],
      deletedNics: [toStoredNic(1, 1), toStoredNic(2, 1)],
    });
    expect((await storedVm(1)).nics).toEqual([renetworked]);
    expect((await storedVm(2)).nics).toEqual([moved]);
  });

  test("S8: takes no vNIC from a VM that has it", async () => {
    await writePass(store, HOST_A, {
      newVms: [vmState(1), vmState(2, { ownerId: HOST_B })],
      upsertedNics: [toStoredNic(1, 1)],
    });
    expect(await writePass(store, HOST_B, { upsertedNics: [toStoredNic(1, 2)] })).toBe(false);
    expect((await storedVm(1)).nics).toEqual([toStoredNic(1, 1)]);
    expect(await store.readNicHolders([toStoredNic(1, 1).id, id(9)])).toEqual(
      new Map([[toStoredNic(1, 1).id, id(1)]]),
    );
  });

  test("does not delete a vNIC that another host's VM has by now", async () => {
    await writePass(store, HOST_A, {
      newVms: [vmState(1), vmState(2, { ownerId: HOST_B })],
      upsertedNics: [toStoredNic(1, 1)],
    });
    expect(await writePass(store, HOST_A, { deletedNics: [toStoredNic(1, 1)] })).toBe(true);
    expect(await writePass(store, HOST_B, { upsertedNics: [toStoredNic(1, 2)] })).toBe(true);
    expect(await writePass(store, HOST_A, { deletedNics: [toStoredNic(1, 1)] })).toBe(true);
    expect((await store.readNicsByIds([toStoredNic(1, 1).id]))[0]?.vmId).toBe(id(2));
  });

  test("stores text that is odd but storable, and a lone surrogate as the replacement character", async () => {
    const odd = "\u0001\u007f\u{10ffff}‮";
    await writePass(store, HOST_A, {
      newVms: [vmState(1, { fqdn: odd })],
      insertedInterfaces: [toGuestInterfaceOf(1, { name: odd }), toGuestInterfaceOf(1, { name: "\ud800" })],
      interfaceOrders: [{ vmId: id(1), names: [odd, "\ud800"] }],
    });
    expect((await storedVm(1)).interfaces.map(({ name }) => name)).toEqual([odd, "\ufffd"]);
    expect((await storedVm(1)).fqdn).toBe(odd);
  });

  test("costs as many statements for 1,000 VMs as for one", async () => {
    const costs = [];
    for (const size of [1, 1_000]) {
      const numbers = Array.from({ length: size }, (_, index) => size * 10 + index);
      const vms = numbers.map((number) => vmState(number));
      database.statements();
      await writePass(store, HOST_A, {
        newVms: vms,
        insertedInterfaces: numbers.map((number) => toGuestInterfaceOf(number)),
        upsertedNics: numbers.map((number) => toStoredNic(number, number)),
      });
      await store.readHostVms(
        HOST_A,
        vms.map((each) => each.id),
      );
      await writePass(store, HOST_A, {
        changedVms: vms.map((before) =>
          vmChange(before, {
            name: `${before.name}!`,
            status: 4,
            ips: "::2",
            silence: "silent",
            ownerId: HOST_B,
          }),
        ),
        updatedInterfaces: numbers.map((number) => ({
          before: toGuestInterfaceOf(number),
          after: toGuestInterfaceOf(number, { ipv4Addresses: ["10.0.0.1"] }),
        })),
        interfaceOrders: numbers.map((number) => ({ vmId: id(number), names: ["eth0"] })),
        upsertedNics: numbers.map((number) => toStoredNic(number, number, { network: null })),
      });
      await writePass(store, HOST_A, {
        deletedInterfaces: numbers.map((number) =>
          toGuestInterfaceOf(number, { ipv4Addresses: ["10.0.0.1"] }),
        ),
        deletedNics: numbers.map((number) => toStoredNic(number, number)),
      });
      costs.push(database.statements().length);
    }
    expect(costs[1]).toBe(costs[0]);
  });

  test("without news writes one row of one table, in one statement, and nothing of the VMs", async () => {
    await writePass(store, HOST_A, {
      newVms: [vmState(1)],
      insertedInterfaces: [toGuestInterfaceOf(1)],
      upsertedNics: [toStoredNic(1, 1)],
    });
    const claim = await claimHost(store, HOST_A);
    const before = await countWrites();
    database.statements();
    expect(await store.apply(claim, hostChanges(), PASS)).toBe(true);
    expect(database.statements()).toHaveLength(1);
    const after = await countWrites();
    expect({ ...after, vnic_graph_host: null }).toEqual({ ...before, vnic_graph_host: null });
    expect(after["vnic_graph_host"]! - before["vnic_graph_host"]!).toBe(1);
  });
});

describe("the fence", () => {
  test("raises the epoch by exactly one a claim", async () => {
    const first = await claimHost(store, HOST_A);
    const second = await claimHost(store, HOST_A);
    expect(second.epoch - first.epoch).toBe(1n);
  });

  test("lets a late pass write nothing, not even its success or failure", async () => {
    const late = await claimHost(store, HOST_A);
    await claimHost(store, HOST_A);
    expect(await store.apply(late, hostChanges({ newVms: [vmState(1)] }), PASS)).toBe(false);
    expect(await store.apply(late, hostChanges(), PASS)).toBe(false);
    expect(await store.fail(late, { kind: "timeout", message: "no reply" }, 1)).toBe(false);
    expect(await store.readVmsByIds([id(1)])).toEqual([]);
    expect((await store.readHostsByIds([HOST_A]))[0]).toMatchObject({ lastSuccessAt: null, lastError: null });
  });

  test("voids the pass of a host that loses a VM", async () => {
    const before = vmState(1);
    await writePass(store, HOST_A, { newVms: [before] });
    const late = await claimHost(store, HOST_A);
    expect(await writePass(store, HOST_B, { changedVms: [vmChange(before, { ownerId: HOST_B })] })).toBe(
      true,
    );
    expect(
      await store.apply(late, hostChanges({ changedVms: [vmChange(before, { status: 4 })] }), PASS),
    ).toBe(false);
    expect(await storedVm(1)).toMatchObject({ ownerId: HOST_B, status: 1 });
  });

  test("raises the epoch of every other host whose standing changes, and of no one else", async () => {
    const before = vmState(1, { incomingId: HOST_B });
    await writePass(store, HOST_A, { newVms: [before] });
    const epochs = await Promise.all([HOST_B, HOST_C].map(readEpoch));
    await writePass(store, HOST_A, { changedVms: [vmChange(before, { status: 5 })] });
    expect(await Promise.all([HOST_B, HOST_C].map(readEpoch))).toEqual(epochs);
    const moved = { ...before, status: 5 };
    await writePass(store, HOST_A, {
      changedVms: [vmChange(moved, { ownerId: HOST_B, incomingId: null, contenderId: HOST_C })],
    });
    expect(await Promise.all([HOST_B, HOST_C].map(readEpoch))).toEqual(epochs.map((epoch) => epoch + 1));
  });

  const stored = vmState(1, { incomingId: HOST_C });
  test.each<[string, Partial<HostChanges>]>([
    ["a VM that is new no more", { newVms: [vmState(2), vmState(1)] }],
    ["another owner", { changedVms: [vmChange({ ...stored, ownerId: HOST_C }, { status: 4 })] }],
    ["another destination", { changedVms: [vmChange({ ...stored, incomingId: null }, { status: 4 })] }],
    [
      "another contender",
      { changedVms: [vmChange({ ...stored, contenderId: HOST_C }, { missedPasses: 1 })] },
    ],
    ["a VM that is gone", { changedVms: [vmChange(vmState(3), { name: "x" })] }],
    ["an interface that is gone", { deletedInterfaces: [toGuestInterfaceOf(1, { name: "gone" })] }],
    [
      "more equal interfaces than there are",
      { deletedInterfaces: [toGuestInterfaceOf(1), toGuestInterfaceOf(1)] },
    ],
    [
      "other addresses",
      {
        updatedInterfaces: [
          { before: toGuestInterfaceOf(1, { ipv4Addresses: [] }), after: toGuestInterfaceOf(1) },
        ],
      },
    ],
    ["the order of a VM that is gone", { interfaceOrders: [{ vmId: id(3), names: [] }] }],
  ])("finds that the pass assumed %s, and writes nothing", async (_, assumed) => {
    await writePass(store, HOST_A, { newVms: [stored], insertedInterfaces: [toGuestInterfaceOf(1)] });
    const wrong = hostChanges({ insertedInterfaces: [toGuestInterfaceOf(1, { name: "extra" })], ...assumed });
    expect(await store.apply(await claimHost(store, HOST_B), wrong, PASS)).toBe(false);
    expect(await storedVm(1)).toEqual({ ...stored, interfaces: [toGuestInterfaceOf(1)], nics: [] });
    expect(await store.readVmsByIds([id(2)])).toEqual([]);
    expect((await store.readHostsByIds([HOST_B]))[0]?.lastSuccessAt).toBeNull();
  });

  test("finds that a host's own VM got a destination meanwhile, and does not undo that", async () => {
    const own = vmState(1);
    await writePass(store, HOST_A, { newVms: [own] });
    const claim = await claimHost(store, HOST_A);
    await writePass(store, HOST_B, { changedVms: [vmChange(own, { incomingId: HOST_B })] });
    const late = hostChanges({ changedVms: [vmChange(own, { ips: "10.9.9.9" })] });
    expect(await store.apply(claim, late, PASS)).toBe(false);
    expect(await storedVm(1)).toMatchObject({ ...own, incomingId: HOST_B });
  });

  test("passes other errors on, with everything rolled back", async () => {
    const claim = await claimHost(store, HOST_A);
    const broken = hostChanges({ newVms: [vmState(1)], insertedInterfaces: [toGuestInterfaceOf(99)] });
    await expect(store.apply(claim, broken, PASS)).rejects.toThrow(/foreign key/);
    expect(await store.readVmsByIds([id(1)])).toEqual([]);
  });
});

/** Rows written so far, by table. */
async function countWrites(): Promise<Record<string, number>> {
  await database.dataSource.query("SELECT pg_stat_force_next_flush()");
  const rows = await database.dataSource.query<{ name: string; writes: number }[]>(
    "SELECT relname AS name, (n_tup_ins + n_tup_upd + n_tup_del)::int AS writes FROM pg_stat_user_tables",
  );
  return Object.fromEntries(rows.map(({ name, writes }) => [name, writes]));
}
