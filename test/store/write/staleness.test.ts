import { describe, expect, test } from "vitest";
import type { Store, VmState } from "../../../src/store/types.js";
import type { TestDatabase } from "../../support/databases/database.js";
import { cleanDatabase } from "../clean-database.js";
import { HOST_A, HOST_B, HOST_C, id } from "../../support/builders/ids.js";
import { HOSTS, PASS, claimHost, writePass } from "../../support/builders/passes.js";
import { vmChange, hostChanges, toGuestInterfaceOf, vmState } from "../../support/builders/stored.js";

let database: TestDatabase;
let store: Store;

cleanDatabase((given) => {
  database = given;
  ({ store } = given);
});

async function read(number = 1) {
  const [row] = await store.readVmsByIds([id(number)]);
  return row!;
}

async function readLastSuccess(hostId: string): Promise<Date> {
  return (await store.readHostsByIds([hostId]))[0]!.lastSuccessAt!;
}

async function fail(hostId: string, kind: string): Promise<void> {
  await store.fail(await claimHost(store, hostId), { kind, message: `why ${kind}` }, 5);
}

describe("a VM's last report", () => {
  test("is its host's last success while its guest reports, though nothing is written for it", async () => {
    await writePass(store, HOST_A, { newVms: [vmState(1)] });
    const first = await readLastSuccess(HOST_A);
    expect(await read()).toMatchObject({ lastReportedAt: first, staleReason: null });
    await writePass(store, HOST_A);
    expect((await readLastSuccess(HOST_A)).getTime()).toBeGreaterThan(first.getTime());
    expect((await read()).lastReportedAt).toEqual(await readLastSuccess(HOST_A));
  });

  test.each<[silent: Partial<VmState>, reason: string]>([
    [{ silence: "silent" }, "AGENT_SILENT"],
    [{ silence: "invalid" }, "REPORT_INVALID"],
    [{ missedPasses: 1 }, "VM_MISSING"],
  ])("stays at the last pass that heard it after %o, until it is heard again", async (silent, reason) => {
    const before = vmState(1);
    await writePass(store, HOST_A, { newVms: [before], insertedInterfaces: [toGuestInterfaceOf(1)] });
    const heard = await readLastSuccess(HOST_A);
    await writePass(store, HOST_A, { changedVms: [vmChange(before, silent)] });
    expect(await read()).toMatchObject({ lastReportedAt: heard, staleReason: reason, interfacesKnown: true });
    await writePass(store, HOST_A, {
      changedVms: [vmChange({ ...before, ...silent }, { name: "renamed", ...silent })],
    });
    await writePass(store, HOST_A);
    expect(await read()).toMatchObject({ lastReportedAt: heard, staleReason: reason });
    await writePass(store, HOST_A, {
      changedVms: [vmChange({ ...before, name: "renamed", ...silent }, before)],
    });
    expect(await read()).toMatchObject({ lastReportedAt: await readLastSuccess(HOST_A), staleReason: null });
  });

  test("is its old host's if it is silent at its new one", async () => {
    const before = vmState(1);
    await writePass(store, HOST_A, { newVms: [before] });
    const heard = await readLastSuccess(HOST_A);
    await writePass(store, HOST_B);
    await writePass(store, HOST_B, {
      changedVms: [vmChange(before, { ownerId: HOST_B, silence: "silent" })],
    });
    expect(await read()).toMatchObject({ lastReportedAt: heard, staleReason: "AGENT_SILENT" });
  });

  test("stays known when the VM has ended, and is not stale", async () => {
    const before = vmState(1);
    await writePass(store, HOST_A, { newVms: [before] });
    const heard = await readLastSuccess(HOST_A);
    await writePass(store, HOST_A, { changedVms: [vmChange(before, { ownerId: null, status: 0 })] });
    await fail(HOST_A, "unreachable");
    expect(await read()).toMatchObject({ lastReportedAt: heard, staleReason: null, hostId: null });
  });

  test("is unknown if there was none", async () => {
    await writePass(store, HOST_A, {
      newVms: [vmState(1, { silence: "absent" }), vmState(2, { silence: "invalid" })],
    });
    await writePass(store, HOST_A);
    const nothing = { lastReportedAt: null, interfacesKnown: false, ips: null };
    expect(await read(1)).toMatchObject({ ...nothing, staleReason: "AGENT_ABSENT" });
    expect(await read(2)).toMatchObject({ ...nothing, staleReason: "REPORT_INVALID" });
  });

  test("of an old agent that tells only its IPs is current", async () => {
    await writePass(store, HOST_A, { newVms: [vmState(1, { silence: "ips-only", ips: "10.0.0.1" })] });
    expect(await read()).toMatchObject({
      lastReportedAt: await readLastSuccess(HOST_A),
      staleReason: null,
      interfacesKnown: false,
    });
  });
});

describe("a host in trouble", () => {
  test.each([
    ["unreachable", "HOST_UNREACHABLE", 4],
    ["timeout", "HOST_UNREACHABLE", 4],
    ["recovering", "HOST_RECOVERING", 12],
    ["untrusted", "HOST_FAILED", 5],
    ["protocol", "HOST_FAILED", 5],
    ["internal", "HOST_FAILED", 5],
  ])(
    "of kind %s makes its VMs stale until it answers, and leaves their data",
    async (kind, reason, status) => {
      await writePass(store, HOST_A, {
        newVms: [vmState(1), vmState(2, { ownerId: HOST_B })],
        insertedInterfaces: [toGuestInterfaceOf(1)],
      });
      await writePass(store, HOST_B);
      const heard = await readLastSuccess(HOST_A);
      await fail(HOST_A, kind);
      expect(await read(1)).toMatchObject({ staleReason: reason, lastReportedAt: heard });
      expect((await read(2)).staleReason).toBeNull();
      expect(await store.readGuestInterfacesByVms([id(1)])).toEqual([toGuestInterfaceOf(1)]);
      expect(await store.readHostsByIds([HOST_A])).toMatchObject([
        { status, lastError: `why ${kind}`, lastSuccessAt: heard },
      ]);
      await writePass(store, HOST_A);
      expect((await read(1)).staleReason).toBeNull();
      expect(await store.readHostsByIds([HOST_A])).toMatchObject([{ status: 3, lastError: null }]);
    },
  );

  test("a host in trouble that nobody polls is overdue after two intervals, by the database's clock", async () => {
    await store.registerHosts(HOSTS, 10_000);
    await writePass(store, HOST_A, { newVms: [vmState(1)] });
    const age = (seconds: number) =>
      database.dataSource.query(
        "UPDATE vnic_graph_host SET last_success_at = now() - $1 * interval '1 second' WHERE host_id = $2",
        [seconds, HOST_A],
      );
    await age(18);
    expect((await read()).staleReason).toBeNull();
    await age(21);
    expect((await read()).staleReason).toBe("REFRESH_OVERDUE");
    await store.registerHosts(HOSTS, null);
    expect((await read()).staleReason).toBe("REFRESH_OVERDUE");
    await store.registerHosts(HOSTS, 60_000);
    expect((await read()).staleReason).toBeNull();
  });

  test("a host in trouble that is removed leaves its VMs readable, as overdue, until another host has them", async () => {
    const state = vmState(1);
    await writePass(store, HOST_A, { newVms: [state] });
    const late = await claimHost(store, HOST_A);
    expect(await store.removeHost(HOST_A)).toBe(true);
    expect(await store.removeHost(HOST_A)).toBe(false);
    expect(await store.removeHost(id(99))).toBe(false);
    expect(await store.fail(late, { kind: "timeout", message: "" }, 1)).toBe(false);
    expect(await store.claim(HOST_A)).toBeNull();
    expect((await read()).staleReason).toBe("REFRESH_OVERDUE");
    expect((await store.readHosts()).map((host) => host.id)).toEqual([HOST_A, HOST_B, HOST_C]);
    await writePass(store, HOST_B, { changedVms: [vmChange(state, { ownerId: HOST_B })] });
    expect((await read()).staleReason).toBeNull();
    expect((await store.readHosts()).map((host) => host.id)).toEqual([HOST_B, HOST_C]);
  });
});

describe("hosts", () => {
  test("are registered once by two replicas at the same time, and keep learnt names", async () => {
    await database.dataSource.query("TRUNCATE vm_static, vds_static CASCADE");
    await Promise.all([
      store.registerHosts(HOSTS, 15_000),
      store.registerHosts(HOSTS.toReversed(), 15_000),
      store.registerHosts(HOSTS, 15_000),
    ]);
    await store.renameHost(HOST_A, "learnt");
    await store.registerHosts([{ ...HOSTS[0]!, port: 1 }, ...HOSTS.slice(1)], 15_000);
    expect((await store.readHosts()).map(({ name, address, status }) => ({ name, address, status }))).toEqual(
      [
        { name: "host-b", address: "[2001:db8::b]:54321", status: 0 },
        { name: "host-c", address: "host-c.example:54322", status: 0 },
        { name: "learnt", address: "192.0.2.10:1", status: 0 },
      ],
    );
  });

  test("hosts that settings no longer name are polled no more; those added while running are", async () => {
    const [a, b, c] = HOSTS;
    await store.registerHosts([a!], 15_000);
    await store.addHost(b!, 5_000);
    await store.registerHosts([c!], 15_000);
    expect(await store.listHosts()).toEqual([
      { ...b, intervalMs: 5_000, fromSettings: false },
      { ...c, intervalMs: 15_000, fromSettings: true },
    ]);
    await store.removeHost(HOST_B);
    await store.addHost(b!, null);
    expect((await store.listHosts())[0]).toEqual({ ...b, intervalMs: 5_000, fromSettings: false });
  });

  test("stay polled when settings name none, as those of a replica that only reads do", async () => {
    await store.registerHosts(HOSTS, 15_000);
    await store.registerHosts([], null);
    expect(await store.listHosts()).toHaveLength(HOSTS.length);
  });

  test("fail if their last pass did and none has succeeded for the given time, unless they are polled no more", async () => {
    await writePass(store, HOST_A);
    await writePass(store, HOST_B);
    await fail(HOST_B, "untrusted");
    await fail(HOST_C, "timeout");
    expect(await store.listFailingHosts(60_000)).toEqual([HOST_C]);
    expect((await store.listFailingHosts(0)).toSorted()).toEqual([HOST_B, HOST_C].toSorted());
    await store.removeHost(HOST_C);
    await writePass(store, HOST_B);
    expect(await store.listFailingHosts(0)).toEqual([]);
  });

  test("are all tried once each has answered or failed", async () => {
    const [a, b] = HOSTS;
    await store.registerHosts([a!, b!], 15_000);
    expect((await store.readPollingState()).untried).toBeGreaterThan(0);
    await writePass(store, HOST_A);
    const claim = await claimHost(store, HOST_B);
    expect((await store.readPollingState()).untried).toBeGreaterThan(0);
    await store.fail(claim, { kind: "timeout", message: "no reply" }, 3);
    expect(await store.readPollingState()).toEqual({ hosts: 2, untried: 0, stale: 1, unpolled: 0 });
  });

  test("keep the measures of their last pass", async () => {
    await store.apply(await claimHost(store, HOST_A), hostChanges(), PASS);
    expect(
      await database.dataSource.query(
        "SELECT vm_count, last_duration_ms FROM vnic_graph_host WHERE host_id = $1",
        [HOST_A],
      ),
    ).toEqual([{ vm_count: 1, last_duration_ms: 13 }]);
  });

  test("hosts that are renamed to the same name cost no write", async () => {
    await store.renameHost(HOST_A, "new");
    const before: unknown = await database.dataSource.query("SELECT xmin FROM vds_static WHERE vds_id = $1", [
      HOST_A,
    ]);
    await store.renameHost(HOST_A, "new");
    expect(
      await database.dataSource.query("SELECT xmin FROM vds_static WHERE vds_id = $1", [HOST_A]),
    ).toEqual(before);
  });
});
