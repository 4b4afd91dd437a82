import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { startCluster, type ClusterOptions, type SimulatedCluster } from "../../src/simulator/cluster.js";
import { hasIpv6 } from "../support/processes/tcp.js";
import { bodies, call, hello, RawPeer } from "./raw-peer.js";

const running: SimulatedCluster[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
});

async function cluster(options: Partial<ClusterOptions> = {}): Promise<SimulatedCluster> {
  const defaults = { hosts: 2, vms: 30, port: 0, seed: 1, tls: false, tickMs: null };
  const started = await startCluster({ ...defaults, ...options });
  running.push(started);
  return started;
}

async function ask(of: SimulatedCluster, at: number, method: string, params: unknown = {}): Promise<string> {
  const peer = await RawPeer.dial(of.hosts[at]!.port, of.clientTls);
  const text = await peer.send(hello() + call(method, params)).frames(2);
  await peer.close();
  return text;
}

async function everythingAfter(ticks: number, seed: number): Promise<string> {
  const one = await cluster({ seed, vms: 50 });
  for (let at = 0; at < ticks; at += 1) one.tick();
  return (await ask(one, 0, "Host.getAllVmStats")) + (await ask(one, 1, "Host.getAllVmStats"));
}

describe("a cluster", () => {
  test("tells the same bytes after the same ticks of the same seed, and others of another", async () => {
    const told = await everythingAfter(40, 7);
    expect(await everythingAfter(40, 7)).toBe(told);
    expect(await everythingAfter(41, 7)).not.toBe(told);
    expect(await everythingAfter(40, 8)).not.toBe(told);
  });

  test("speaks TLS with certificates of its own, and says where", async () => {
    const { hosts, vdsmHosts } = await cluster({ tls: true });
    expect(vdsmHosts).toBe(hosts.map(({ port }) => `127.0.0.1:${port}`).join(","));
    expect(await ask(running[0]!, 1, "Host.getCapabilities")).toContain('"hostname": "host2.example.test"');
  });

  test.skipIf(!hasIpv6)("puts IPv6 addresses in brackets", async () => {
    const { vdsmHosts, hosts } = await cluster({ hosts: 1, bind: "::1" });
    expect(vdsmHosts).toBe(`[::1]:${hosts[0]!.port}`);
  });

  test("starts as a whole or not at all", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as AddressInfo;
    const listening = () =>
      process.getActiveResourcesInfo().filter((each) => each === "TCPServerWrap").length;
    await expect.poll(listening).toBe(1);
    await expect(cluster({ hosts: 3, port: port - 1 })).rejects.toThrow("EADDRINUSE");
    await expect.poll(listening).toBe(1);
    taken.close();
  });

  test("moves by its own clock, and no more once stopped", async () => {
    const one = await cluster({ tickMs: 1 });
    const { world } = one;
    await expect.poll(() => world.now).toBeGreaterThan(3);
    await one.stop();
    const { now } = world;
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.now).toBe(now);
  });

  test("tells events to those who listen: the whole record of a VM, or how it ended", async () => {
    const { world, hosts } = await cluster({ vms: 3 });
    const peer = await RawPeer.dial(hosts[0]!.port);
    await peer.send(hello("jms.queue.events", "sub-events")).settle();
    const { id } = world.findVm("web-01");
    world.setStatus(id, "Powering down");
    world.stop(id);
    const [first, second] = bodies(await peer.settle()) as unknown as { method: string; params: never }[];
    expect(first).toMatchObject({
      method: `|virt|VM_status|${id}`,
      params: { [id]: { status: "Powering down", vmName: "web-01" }, notify_time: 2_147_483_647 },
    });
    expect(second).toMatchObject({ params: { [id]: { status: "Down", exitReason: 1 } } });
    await peer.close();
  });
});

describe("a host of a release", () => {
  test("4.5 gives short lists and XML, with vNICs' ids, networks and links", async () => {
    const one = await cluster({ hosts: 1 });
    const vm = one.world.findVm("web-01");
    const record = { vmId: vm.id, status: "Up", statusTime: "2147483647" };
    for (const verb of ["Host.getVMList", "Host.getVMFullList"]) {
      const [answer] = bodies(await ask(one, 0, verb, { vmList: [vm.id, "unknown"] }));
      expect(answer!.result).toEqual([record]);
    }
    one.world.setNics(vm.id, [{ id: "nic-1", mac: "00:1a:4a:16:17:08", network: "a&b", linkActive: false }]);
    const [xmls] = bodies(await ask(one, 0, "Host.dumpxmls", { vmList: [vm.id] }));
    expect((xmls!.result as Record<string, string>)[vm.id]).toContain(
      "<interface type='bridge'><mac address='00:1a:4a:16:17:08'/><source bridge='a&amp;b'/><target dev='vnet0'/>" +
        "<model type='virtio'/><link state='down'/><alias name='ua-nic-1'/></interface>",
    );
  });

  test("4.3 gives ids alone, devices in full lists, and has no dumpxmls", async () => {
    const one = await cluster({ hosts: 2, legacyHosts: 1 });
    const ids = one.world.vms
      .filter((vm) => vm.presences[0]?.host === "host2.example.test")
      .map(({ id }) => id);
    const result = async (verb: string, params: unknown = {}) => bodies(await ask(one, 1, verb, params))[0]!;
    expect((await result("Host.getVMList")).result).toEqual(ids);
    expect((await result("Host.getVMList", { onlyUUID: false })).result).toHaveLength(ids.length);
    expect((await result("Host.dumpxmls")).error?.code).toBe(-32601);
    const vm = one.world.findVm("db-02");
    expect((await result("Host.getVMFullList", { vmList: [vm.id] })).result).toMatchObject([
      {
        vmId: vm.id,
        vmName: "db-02",
        devices: vm.nics.map(({ id, deviceId, mac, network }) => ({
          type: "interface",
          device: "bridge",
          macAddr: mac,
          network,
          alias: `ua-${id}`,
          deviceId,
          linkActive: true,
        })),
      },
    ]);
  });
});
