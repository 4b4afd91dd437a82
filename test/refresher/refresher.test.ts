import { afterEach, describe, expect, test } from "vitest";
import { VM_STATUS } from "../../src/model/guest/vm-status.js";
import type { PassResult } from "../../src/refresher/pass.js";
import type { World } from "../../src/simulator/world/world.js";
import { until } from "../store/until.js";
import { startLiveSite, type LiveSite } from "./live-site.js";
import { HOST_A, HOST_B } from "../support/builders/ids.js";

const HOST1 = "host1.example.test";
const HOST2 = "host2.example.test";
const VM_TABLES = [
  "vm_static",
  "vm_dynamic",
  "vm_interface",
  "vm_guest_agent_interfaces",
  "vnic_graph_vm",
  "vnic_graph_nic",
];

let site: LiveSite;

afterEach(() => site.end());

async function world(options: Parameters<typeof startLiveSite>[0] = {}): Promise<World> {
  site = await startLiveSite(options);
  return site.cluster.world;
}

const eth0 = (...inet: string[]) => ({ name: "eth0", hw: "52:54:00:00:00:01", inet, inet6: [] });
const readVm = async (id: string) => (await site.database.store.readVmsByIds([id]))[0];
const readInterfaces = (id: string) => site.database.store.readGuestInterfacesByVms([id]);

describe("a refresh of simulated hosts into a real database", () => {
  test("stores what guests report, follows their changes, and tells who changed", async () => {
    const { addVm, setInterfaces } = bound(await world());
    const vm = addVm({
      name: "web",
      host: HOST1,
      netIfaces: [eth0("10.0.0.1"), { ...eth0("127.0.0.1"), name: "lo" }],
    });
    const results = await site.refresher.refreshAll();
    expect(results.map(({ outcome, vms }) => [outcome, vms])).toEqual([
      ["done", 1],
      ["done", 0],
    ]);
    expect(await readVm(vm.id)).toMatchObject({
      name: "web",
      status: 1,
      hostId: HOST_A,
      ips: ["10.0.0.1"],
      staleReason: null,
    });
    expect(await readInterfaces(vm.id)).toEqual([
      {
        vmId: vm.id,
        name: "eth0",
        macAddress: "52:54:00:00:00:01",
        ipv4Addresses: ["10.0.0.1"],
        ipv6Addresses: [],
      },
    ]);
    const [nic] = await site.database.store.readNicsByVms([vm.id]);
    expect(nic).toMatchObject({
      id: vm.nics[0]?.id,
      macAddress: vm.nics[0]?.mac,
      network: "ovirtmgmt",
      linked: true,
    });

    setInterfaces("web", [eth0("10.0.0.1", "10.0.0.2")]);
    expect(await site.refresher.refreshHost(HOST_A)).toMatchObject({ added: 0, changed: 1, removed: 0 });
    expect(await readVm(vm.id)).toMatchObject({ ips: ["10.0.0.1", "10.0.0.2"] });
    setInterfaces("web", []);
    expect(await site.refresher.refreshHost(HOST_A)).toMatchObject({ added: 0, changed: 0, removed: 1 });
    expect(await readVm(vm.id)).toMatchObject({ ips: [], interfacesKnown: true });
  });

  test("learns the hosts' own names", async () => {
    await world();
    await site.refresher.refreshAll();
    expect((await site.database.store.readHosts()).map(({ name }) => name)).toEqual([HOST1, HOST2]);
  });

  test("asks hosts of release 4.3 for their vNICs too", async () => {
    const { addVm } = bound(await world({ legacyHosts: 1 }));
    const vm = addVm({ name: "old", host: HOST2, netIfaces: [eth0("10.0.0.1")] });
    await site.refresher.refreshAll();
    expect(await site.database.store.readNicsByVms([vm.id])).toHaveLength(1);
  });

  test("writes nothing to the VM tables while nothing but counters, veths and orders changes", async () => {
    const simulated = await world({ vms: 60, seed: 3 });
    await site.refresher.refreshAll();
    await site.refresher.refreshAll();
    const before = await countVmTableWrites();
    for (let round = 0; round < 3; round += 1) {
      simulated.takeSample();
      for (const { id, netIfaces } of simulated.vms) {
        if (netIfaces === null || netIfaces.length === 0) continue;
        const veth = { ...eth0("10.9.9.9"), name: `veth${round}a`, hw: null };
        simulated.setInterfaces(id, [veth, ...netIfaces.toReversed()]);
      }
      site.database.statements();
      const results = await site.refresher.refreshAll();
      expect(results.map(({ changedVms }) => changedVms)).toEqual([0, 0]);
    }
    expect(await countVmTableWrites()).toBe(before);
    // With nothing moved but the counters, no VM is even read.
    site.database.statements();
    // How much is written for that is measured where a server is the test's own (test/embedded-postgres).
    simulated.takeSample();
    await site.refresher.refreshAll();
    expect(site.database.statements().filter((sql) => /vm_[^c]|vnic_graph_[vn]/.test(sql))).toEqual([]);
    expect(await countVmTableWrites()).toBe(before);
  });

  test("costs as many statements for a hundred new VMs as for one", async () => {
    const { addVm } = bound(await world());
    const counts: number[] = [];
    for (const count of [1, 100]) {
      for (let at = 0; at < count; at += 1) {
        addVm({ name: `vm-${count}-${at}`, host: HOST1, netIfaces: [eth0("10.0.0.1")] });
      }
      await site.refresher.refreshHost(HOST_B);
      site.database.statements();
      expect(await site.refresher.refreshHost(HOST_A)).toMatchObject({ outcome: "done", added: count });
      counts.push(site.database.statements().filter((sql) => !sql.includes("vds_name")).length);
    }
    expect(counts[1]).toBe(counts[0]);
  });

  test("keeps silent guests' data, marked; clears VMs that ended", async () => {
    const { addVm, silence, speak, stop, start } = bound(await world());
    const vm = addVm({ name: "web", host: HOST1, netIfaces: [eth0("10.0.0.1")] });
    await site.refresher.refreshHost(HOST_A);
    silence("web");
    await site.refresher.refreshHost(HOST_A);
    expect(await readVm(vm.id)).toMatchObject({ ips: ["10.0.0.1"], staleReason: "AGENT_SILENT" });
    speak("web");
    await site.refresher.refreshHost(HOST_A);
    expect(await readVm(vm.id)).toMatchObject({ ips: ["10.0.0.1"], staleReason: null });
    stop("web");
    await site.refresher.refreshHost(HOST_A);
    expect(await readVm(vm.id)).toMatchObject({ status: 0, ips: [], hostId: null });
    expect(await readInterfaces(vm.id)).toEqual([]);
    start("web", HOST2);
    await site.refresher.refreshHost(HOST_B);
    expect(await readVm(vm.id)).toMatchObject({
      status: 2,
      hostId: HOST_B,
      ips: null,
      interfacesKnown: false,
    });
  });

  test("follows a migration with one owner all along", async () => {
    const { addVm, startMigration, finishMigration, leaveSource } = bound(await world());
    const vm = addVm({ name: "web", host: HOST1, netIfaces: [eth0("10.0.0.1")] });
    await site.refresher.refreshAll();
    const steps = [
      () => {
        startMigration("web", HOST2);
      },
      () => {
        finishMigration("web");
      },
      () => {
        leaveSource("web");
      },
    ];
    const owners: (string | null | undefined)[] = [];
    for (const step of steps) {
      step();
      for (const hostId of [HOST_A, HOST_B]) {
        await site.refresher.refreshHost(hostId);
        const row = await readVm(vm.id);
        owners.push(row?.hostId);
        expect(row?.ips).toEqual(["10.0.0.1"]);
      }
    }
    expect(owners).toEqual([HOST_A, HOST_A, HOST_B, HOST_B, HOST_B, HOST_B]);
    expect(await readVm(vm.id)).toMatchObject({ status: 1, staleReason: null });
  });

  test("leaves a host's VMs alone while it recovers, and marks them", async () => {
    const { addVm, restartVdsmd, setRecovering } = bound(await world());
    const vm = addVm({ name: "web", host: HOST1, netIfaces: [eth0("10.0.0.1")] });
    await site.refresher.refreshAll();
    restartVdsmd(HOST1, true);
    expect(await site.refresher.refreshHost(HOST_A)).toMatchObject({
      outcome: "failed",
      failure: { kind: "recovering" },
    });
    expect(await readVm(vm.id)).toMatchObject({ ips: ["10.0.0.1"], staleReason: "HOST_RECOVERING" });
    setRecovering(HOST1, false);
    const writes = await readInterfaces(vm.id);
    expect(await site.refresher.refreshHost(HOST_A)).toMatchObject({ outcome: "done", changedVms: 0 });
    expect(await readInterfaces(vm.id)).toEqual(writes);
    expect(site.lines.filter(({ level }) => level === "warn")).toMatchObject([
      { fields: { kind: "recovering" } },
    ]);
  });

  test("takes in what no sane guest or host would say", async () => {
    const { addVm } = bound(await world());
    const odd = addVm({
      name: "odd",
      host: HOST1,
      netIfaces: [
        { name: "a,b\0\u{1f600}", hw: "52-54-00-AA-BB-CC", inet: [""], inet6: ["FE80::1%12", "nonsense"] },
        { name: null, hw: null, inet: ["10.0.0.1"], inet6: [] },
        { name: "dup", hw: null, inet: ["10.0.0.2"], inet6: [] },
        { name: "dup", hw: null, inet: ["10.0.0.3"], inet6: [] },
      ],
    });
    const ips = addVm({ name: "ips", host: HOST1, guestIPs: "10.0.0.9 fe80::9" });
    const bad = addVm({ name: "bad", host: HOST1, raw: { status: undefined } });
    expect(await site.refresher.refreshHost(HOST_A)).toMatchObject({
      outcome: "done",
      vms: 3,
      // The address that is none, and the state.
      rejectedVms: 2,
    });
    expect((await readInterfaces(odd.id)).map((device) => [device.name, device.macAddress])).toEqual([
      ["a,b\ufffd\u{1f600}", "52:54:00:aa:bb:cc"],
      [null, null],
      ["dup", null],
      ["dup", null],
    ]);
    expect(await readVm(odd.id)).toMatchObject({ ips: ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fe80::1"] });
    expect(await readVm(ips.id)).toMatchObject({
      ips: ["10.0.0.9", "fe80::9"],
      interfacesKnown: false,
      staleReason: null,
    });
    expect(await readVm(bad.id)).toMatchObject({
      name: "bad",
      status: VM_STATUS.UNKNOWN,
      staleDetail: "status is missing",
    });
    const before = await countVmTableWrites();
    await site.refresher.refreshHost(HOST_A);
    expect(await countVmTableWrites()).toBe(before);
  });

  test("stays right with two replicas that know nothing of each other", async () => {
    const simulated = await world({ vms: 40, seed: 5 });
    const other = site.another();
    for (let round = 0; round < 8; round += 1) {
      simulated.now += 1;
      for (const vm of simulated.vms) simulated.setInterfaces(vm.id, [eth0(`10.0.${round}.1`)]);
      const results = await Promise.all([site.refresher.refreshAll(), other.refreshAll()]);
      expect(results.flat().filter(({ outcome }) => outcome === "failed")).toEqual([]);
    }
    await site.refresher.refreshAll();
    const speaking = simulated.vms.filter(({ agent }) => agent === "running");
    const rows = await site.database.store.readVmsByIds(speaking.map(({ id }) => id));
    expect(rows).toHaveLength(speaking.length);
    expect(new Set(rows.map(({ ips }) => ips?.join()))).toEqual(new Set(["10.0.7.1"]));
    expect(await site.database.store.readGuestInterfacesByVms(rows.map(({ id }) => id))).toHaveLength(
      rows.length,
    );
  });

  test("comes to the truth through a life of migrations, starts, stops and silences", async () => {
    const simulated = await world({ hosts: 3, vms: 45, seed: 9 });
    for (let moment = 0; moment < 15; moment += 1) {
      site.cluster.tick();
      const results = await site.refresher.refreshAll();
      expect(results.filter(({ outcome }) => outcome !== "done")).toEqual([]);
    }
    await site.refresher.refreshAll();
    await site.refresher.refreshAll();
    for (const vm of simulated.vms) {
      const row = await readVm(vm.id);
      const up = vm.presences.filter(({ status }) => status === "Up");
      if (up.length === 1) expect(row).toMatchObject({ status: 1, hostId: site.hostIds.get(up[0]!.host) });
      if (vm.presences.length === 0) expect(row).toMatchObject({ status: 0, hostId: null, ips: [] });
    }
    const before = await countVmTableWrites();
    await site.refresher.refreshAll();
    expect(await countVmTableWrites()).toBe(before);
  });
});

describe("a database that goes away", () => {
  test("is told once, harms nothing, and is found again", async () => {
    const { addVm } = bound(await world());
    addVm({ name: "web", host: HOST1, netIfaces: [eth0("10.0.0.1")] });
    await site.refresher.refreshAll();
    await site.database.dataSource.destroy();
    const down = [...(await site.refresher.refreshAll()), ...(await site.refresher.refreshAll())];
    expect(down.map(({ failure }) => failure?.kind)).toEqual(Array(4).fill("database"));
    await site.database.dataSource.initialize();
    const back = await site.refresher.refreshAll();
    expect(back.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
    const told = site.lines.filter(({ message }) => message.includes("database"));
    expect(told.map(({ level, message }) => [level, message])).toEqual([
      ["error", "passes cannot use the database; they are tried again until they can"],
      ["info", "passes can use the database again"],
    ]);
  });
});

describe("a refresher", () => {
  test("polls by itself, and stops in the middle of a pass with nothing left", async () => {
    site = await startLiveSite({ vms: 20 }, { intervalMs: 100 });
    await until(() => site.cluster.hosts.every(({ server }) => server.calls.length > 3));
    site.cluster.hosts[0]!.server.faults.failAlways({ kind: "hang" });
    const stuck = site.refresher.refreshHost(HOST_A);
    await site.refresher.stop();
    expect((await stuck).failure?.kind ?? "aborted").toBe("aborted");
    await expect(site.refresher.refreshHost(HOST_A)).rejects.toThrow("no host");
  });

  test("tells each result as it comes, and takes hosts in and lets them go", async () => {
    const { addVm } = bound(await world());
    addVm({ name: "web", host: HOST2, netIfaces: [eth0("10.0.0.1")] });
    await site.refresher.removeHost(HOST_B);
    await site.refresher.removeHost(HOST_B);
    const told: PassResult[] = [];
    const results = await site.refresher.refreshAll((result) => told.push(result));
    expect(told).toEqual(results);
    expect(results).toHaveLength(1);
    const { host, port } = site.cluster.hosts[1]!;
    const back = { id: HOST_B, name: "again", host, port };
    site.refresher.addHost(back);
    site.refresher.addHost(back);
    expect(await site.refresher.refreshHost(HOST_B)).toMatchObject({ outcome: "done", vms: 1 });
  });

  test("does not ask a host that another process removed, and takes it for no trouble of the database", async () => {
    bound(await world()).addVm({ name: "web", host: HOST1, netIfaces: [] });
    expect(await site.refresher.refreshHost(HOST_A)).toMatchObject({ outcome: "done" });
    site.lines.length = 0;
    await site.database.store.removeHost(HOST_A);
    for (let pass = 0; pass < 3; pass += 1)
      expect(await site.refresher.refreshHost(HOST_A)).toMatchObject({
        outcome: "removed",
        failure: null,
        vms: 0,
      });
    expect(site.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      "info: pass skipped: the host was removed elsewhere",
    ]);
    const { host, port } = site.cluster.hosts[0]!;
    await site.database.store.addHost({ id: HOST_A, name: "again", host, port }, null);
    expect(await site.refresher.refreshHost(HOST_A)).toMatchObject({ outcome: "done", vms: 1 });
  });
});

/** Rows inserted, updated or deleted so far, by the server's own count. */
async function countVmTableWrites(): Promise<number> {
  await sql("SELECT pg_stat_force_next_flush()");
  const [row] = await sql<{ writes: string }>(
    `SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) AS writes FROM pg_stat_user_tables
     WHERE relname IN (${VM_TABLES.map((name) => `'${name}'`).join()})`,
  );
  return Number(row?.writes);
}

function sql<Row>(text: string): Promise<Row[]> {
  return site.database.dataSource.query<Row[]>(text);
}

/** The world's methods, free to be called without it. */
function bound(simulated: World) {
  return {
    addVm: simulated.addVm.bind(simulated),
    setInterfaces: simulated.setInterfaces.bind(simulated),
    silence: simulated.stopAgent.bind(simulated),
    speak: simulated.startAgent.bind(simulated),
    stop: simulated.stop.bind(simulated),
    start: simulated.start.bind(simulated),
    startMigration: simulated.startMigration.bind(simulated),
    finishMigration: simulated.finishMigration.bind(simulated),
    leaveSource: simulated.leaveSource.bind(simulated),
    restartVdsmd: simulated.restartVdsmd.bind(simulated),
    setRecovering: simulated.setRecovering.bind(simulated),
  };
}
