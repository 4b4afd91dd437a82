import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StoredVm } from "../../src/store/types.js";
import { addVms, changeIps, changeVm, storedVm } from "../store/changes/log-fixtures.js";
import { HOST_A, id, mac } from "../support/builders/ids.js";
import { claimHost, HOSTS, INTERVAL_MS, writePass } from "../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic, vmChange, vmState } from "../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { askForData } from "./support/ask.js";

let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
});

afterEach(() => database.drop());

interface Guest {
  readonly lastChangedAt: string | null;
  readonly source: string | null;
  readonly stale: boolean;
  readonly staleSince: string | null;
}

async function readGuest(number: number): Promise<Guest> {
  const data = (await askForData(
    database.store,
    `{ vm(id: "${id(number)}") { guestInfo { lastChangedAt source stale staleSince } } }`,
  )) as { vm: { guestInfo: Guest } };
  return data.vm.guestInfo;
}

async function readNow(): Promise<string> {
  const [row] = await database.dataSource.query<{ now: Date }[]>("SELECT clock_timestamp() AS now");
  return row!.now.toISOString();
}

/** Waits for a time that the log, which is read in milliseconds, tells apart from this one. */
async function waitForNextMs(): Promise<void> {
  await database.dataSource.query("SELECT pg_sleep(0.002)");
}

async function fail(): Promise<void> {
  const { store } = database;
  const claim = await claimHost(store, HOST_A);
  expect(await store.fail(claim, { kind: "unreachable", message: "no reply" }, 5)).toBe(true);
}

describe("lastChangedAt", () => {
  test("is the time of the newest change, and stays while nothing changes", async () => {
    const vm = storedVm(1);
    await addVms(database.store, [vm, storedVm(2)]);
    const first = (await readGuest(1)).lastChangedAt!;
    await writePass(database.store, HOST_A);
    expect((await readGuest(1)).lastChangedAt).toBe(first);
    await changeIps(database.store, vm, "10.0.0.77");
    const second = (await readGuest(1)).lastChangedAt!;
    expect(second > first).toBe(true);
    expect((await readGuest(2)).lastChangedAt).toBe(first);
    const data = await askForData(
      database.store,
      `{ vm(id: "${id(1)}") { guestHistory(first: 1) { nodes { at } } guestInfo(at: "${second}") { ips lastChangedAt staleSince } } }`,
    );
    expect(data).toEqual({
      vm: {
        guestHistory: { nodes: [{ at: second }] },
        guestInfo: { ips: ["10.0.0.77"], lastChangedAt: second, staleSince: null },
      },
    });
  });

  test("a pass without a change writes nothing about any VM", async () => {
    await addVms(database.store, [storedVm(1)]);
    const versions = () =>
      database.dataSource.query<unknown[]>(
        "SELECT r.xmin AS own, d.xmin AS dynamic FROM vnic_graph_vm r, vm_dynamic d WHERE d.vm_guid = r.vm_id",
      );
    const before = await versions();
    await writePass(database.store, HOST_A);
    await fail();
    await writePass(database.store, HOST_A);
    expect(await versions()).toEqual(before);
  });
});

describe("source", () => {
  test.each<[string, Partial<StoredVm>, string | null]>([
    ["interfaces", {}, "NET_IFACES"],
    ["interfaces, before it fell silent", { silence: "silent" }, "NET_IFACES"],
    ["addresses alone", { silence: "ips-only", interfaces: [], ips: "10.0.0.1" }, "GUEST_IPS"],
    ["nothing", { silence: "absent", interfaces: [], ips: null }, null],
    ["nothing, as it does not run", { status: 0, interfaces: [], ips: null }, null],
  ])("says how a guest told its addresses: %s", async (_, values, source) => {
    await addVms(database.store, [storedVm(1, values)]);
    expect((await readGuest(1)).source).toBe(source);
  });
});

describe("staleSince", () => {
  test("is null while the data are current", async () => {
    await addVms(database.store, [storedVm(1)]);
    expect(await readGuest(1)).toMatchObject({ stale: false, staleSince: null });
  });

  test("is when the guest was heard last, once it falls silent, and stays so", async () => {
    await addVms(database.store, [storedVm(1)]);
    const before = vmState(1, { ips: "10.1.2.3" });
    const silent = vmChange(before, { silence: "silent" });
    await writePass(database.store, HOST_A, { changedVms: [silent] });
    const { stale, staleSince } = await readGuest(1);
    expect([stale, staleSince !== null && staleSince <= (await readNow())]).toEqual([true, true]);
    await writePass(database.store, HOST_A, { changedVms: [vmChange(silent.after, { missedPasses: 1 })] });
    expect((await readGuest(1)).staleSince).toBe(staleSince);
    await writePass(database.store, HOST_A, {
      changedVms: [vmChange({ ...silent.after, missedPasses: 1 }, { silence: null, missedPasses: 0 })],
    });
    expect(await readGuest(1)).toMatchObject({ stale: false, staleSince: null });
  });

  test("is when a guest without an agent was first seen", async () => {
    const before = await readNow();
    await addVms(database.store, [storedVm(1, { silence: "absent", interfaces: [], ips: null })]);
    const { staleSince } = await readGuest(1);
    expect(staleSince! >= before && staleSince! <= (await readNow())).toBe(true);
  });

  test("is when the host's first pass failed, while it fails, and for a silent guest the earlier of both", async () => {
    await addVms(database.store, [storedVm(1), storedVm(2, { silence: "silent" })]);
    const earlier = (await readGuest(2)).staleSince!;
    const before = await readNow();
    await fail();
    const { staleSince } = await readGuest(1);
    expect(staleSince! >= before).toBe(true);
    await fail();
    expect((await readGuest(1)).staleSince).toBe(staleSince);
    expect((await readGuest(2)).staleSince).toBe(earlier);
    await writePass(database.store, HOST_A);
    expect(await readGuest(1)).toMatchObject({ stale: false, staleSince: null });
  });

  test("is known of the past, whatever made the data stale and however often that changed", async () => {
    let vm = storedVm(1);
    await addVms(database.store, [vm]);
    const change = async (values: Partial<StoredVm>) => {
      vm = await changeVm(database.store, vm, values);
      return readGuest(1);
    };
    const seen: (Guest & { readonly at: string })[] = [];
    const note = async (guest: Guest) => {
      await waitForNextMs();
      seen.push({ ...guest, at: await readNow() });
      await waitForNextMs();
    };
    await note(await change({ silence: "silent" }));
    // Each is a change of the reason, and none of the time. The log is read in several steps.
    for (let at = 0; at < 40; at += 1) {
      await change({ silence: at % 2 === 0 ? "absent" : "silent", missedPasses: at % 3 === 0 ? 1 : 0 });
    }
    await note(await change({ silence: "invalid", staleDetail: "netIfaces[0]", missedPasses: 0 }));
    await note(await change({ ips: "10.0.0.2" }));
    await note(await change({ silence: null, staleDetail: null }));
    await note(await change({ silence: "silent" }));
    // A VM that ends is not stale, and is so anew when it runs again.
    await note(await change({ ownerId: null, status: 0 }));
    await note(await change({ ownerId: HOST_A, status: 1 }));
    await note(await change({ silence: null }));
    expect(new Set(seen.map(({ staleSince }) => staleSince))).toHaveProperty("size", 4);
    for (const { at, ...then } of seen) {
      const data = await askForData(
        database.store,
        `{ vm(id: "${id(1)}") { guestInfo(at: "${at}") { lastChangedAt source stale staleSince } } }`,
      );
      expect(data).toEqual({ vm: { guestInfo: then } });
    }
  });

  test("is not known of the past if the data became stale before the log began, and are not so any more", async () => {
    const vm = storedVm(1, { silence: "silent" });
    await addVms(database.store, [vm]);
    await database.dataSource.query("TRUNCATE vnic_graph_change");
    await waitForNextMs();
    const { lastChangedAt, staleSince } = await readGuest(1);
    const at = await readNow();
    const ask = () =>
      askForData(
        database.store,
        `{ vm(id: "${id(1)}") { guestInfo(at: "${at}") { stale lastChangedAt staleSince } } }`,
      );
    expect(await ask()).toEqual({ vm: { guestInfo: { stale: true, lastChangedAt, staleSince } } });
    await waitForNextMs();
    await changeVm(database.store, vm, { silence: null });
    expect(await ask()).toEqual({
      vm: { guestInfo: { stale: true, lastChangedAt: null, staleSince: null } },
    });
  });

  test("is what the last report and the last success tell of what was stale before such times were kept", async () => {
    await addVms(database.store, [storedVm(1)]);
    await fail();
    await database.dataSource.query("UPDATE vnic_graph_host SET failing_since = NULL");
    const [row] = await database.dataSource.query<{ at: Date }[]>(
      "SELECT last_success_at AS at FROM vnic_graph_host WHERE host_id = $1",
      [HOST_A],
    );
    expect((await readGuest(1)).staleSince).toBe(row!.at.toISOString());
  });
});

test("why vNICs are missing in their guests costs three statements with the list, however many there are", async () => {
  const numbers = Array.from({ length: 30 }, (_, at) => at + 1);
  await addVms(
    database.store,
    numbers.map((number) =>
      storedVm(number, {
        interfaces: [toGuestInterfaceOf(number, { macAddress: mac(number + 100) })],
        nics: [toStoredNic(number, number, { macAddress: mac(number) })],
      }),
    ),
  );
  const ask = async (first: number) => {
    database.statements();
    const data = await askForData(
      database.store,
      `{ vms(first: ${first}) { nodes { nics { missingReason probableInterface { name vmNic { id } } } } } }`,
    );
    return { data, statements: database.statements().length };
  };
  expect(await ask(1)).toEqual({
    data: {
      vms: {
        nodes: [
          { nics: [{ missingReason: "MAC_DIFFERS", probableInterface: { name: "eth0", vmNic: null } }] },
        ],
      },
    },
    statements: 3,
  });
  expect((await ask(30)).statements).toBe(3);
});
