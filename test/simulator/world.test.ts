import { beforeEach, describe, expect, test } from "vitest";
import { advanceWorld } from "../../src/simulator/world/life.js";
import { populate } from "../../src/simulator/world/population.js";
import type { EncodedJson } from "../../src/simulator/wire/python-json.js";
import type { WireInterface } from "../../src/simulator/world/vm.js";
import { createWorld, type World } from "../../src/simulator/world/world.js";

interface Record {
  vmId: string;
  vmName?: string;
  status: string;
  hash?: string;
  exitReason?: number;
  guestIPs?: string;
  memUsage?: string;
  netIfaces?: WireInterface[];
}

function stats(world: World, host: string): Record[] {
  const answer = world.createAnswers(host).answer("Host.getAllVmStats", {});
  return JSON.parse((answer as EncodedJson).text) as Record[];
}

function populated(vms: number, seed = 1): World {
  const world = createWorld({ hosts: ["host1", "host2", "host3"], seed });
  populate(world, vms);
  return world;
}

function everywhere(world: World): Record[] {
  return world.hosts.flatMap(({ name }) => stats(world, name));
}

describe("the guests of a world", () => {
  const records = everywhere(populated(60));
  const interfaces = records.flatMap((each) => each.netIfaces ?? []);
  const addresses = interfaces.flatMap((each) => [...each.inet, ...each.inet6]);

  test.each<[string, boolean]>([
    ["an empty address", interfaces.some(({ inet }) => inet.length === 1 && inet[0] === "")],
    ["a zone", addresses.some((each) => /^fe80:.*%\d+$/.test(each))],
    ["an upper-case MAC", interfaces.some(({ hw }) => hw !== null && /[A-F].*:/.test(hw))],
    ["a dashed MAC", interfaces.some(({ hw }) => hw?.includes("-"))],
    ["no MAC", interfaces.some(({ hw }) => hw === null)],
    ["a MAC of 20 bytes", interfaces.some(({ hw }) => hw?.length === 59)],
    ["a name past 50", interfaces.some(({ name }) => (name?.length ?? 0) > 50)],
    ["a name with a comma beyond ASCII", interfaces.some(({ name }) => /😀,/u.test(name ?? ""))],
    [
      "duplicate names",
      records.some(
        ({ netIfaces = [] }) => new Set(netIfaces.map((each) => each.name)).size < netIfaces.length,
      ),
    ],
    [
      "five of one MAC",
      records.some(
        ({ netIfaces = [] }) => netIfaces.filter((each) => each.hw === netIfaces[1]?.hw).length >= 5,
      ),
    ],
    [
      "hundreds of veths",
      records.some(
        ({ netIfaces = [] }) => netIfaces.filter((each) => /^veth/.test(each.name ?? "")).length >= 200,
      ),
    ],
    [
      "IPv6 only",
      records.some(({ netIfaces }) =>
        netIfaces?.slice(1).every((each) => each.inet.length === 0 && each.inet6.length > 1),
      ),
    ],
    ["guestIPs without netIfaces", records.some((each) => each.guestIPs !== "" && !("netIfaces" in each))],
    ["no agent", records.some((each) => each.guestIPs === "" && !("netIfaces" in each))],
    ["a Windows name with blanks", interfaces.some(({ name }) => name === "Ethernet Instance 0 2")],
  ])("have %s somewhere", (_what, is) => {
    expect(is).toBe(true);
  });

  test("bear names that do not depend on the seed where they are pinned", () => {
    const names = [1, 2, 3].map((seed) => populated(10, seed).vms.map(({ name }) => name));
    expect(names[0]?.slice(0, 3)).toEqual(["web-01", "db-02", "docker-03"]);
    expect(names[1]).toEqual(names[0]);
    expect(names[2]).toEqual(names[0]);
  });
});

describe("the life of a world", () => {
  test("boots, stops, migrates, silences and changes guests, each VM owned once at most", () => {
    const world = populated(60);
    const seen = new Set<string>();
    let web = JSON.stringify(world.findVm("web-01").netIfaces);
    let webChanges = 0;
    for (let moment = 0; moment < 300; moment += 1) {
      advanceWorld(world);
      if (world.hosts.some(({ recovering }) => recovering)) seen.add("recovering");
      for (const vm of world.vms) {
        for (const { status, exit, postCopy } of vm.presences) {
          seen.add(exit === null ? status : `${status} ${exit.reason}/${exit.code}`);
          if (postCopy) seen.add("post-copy");
        }
        seen.add(`agent ${vm.agent}`);
        const owners = vm.presences.filter(
          ({ status }) => !["Down", "Migration Destination"].includes(status),
        );
        expect(owners.length).toBeLessThanOrEqual(1);
        if (vm.pinned) expect(vm.presences.map(({ status }) => status)).toEqual(["Up"]);
      }
      const now = JSON.stringify(world.findVm("web-01").netIfaces);
      if (now !== web) webChanges += 1;
      web = now;
    }
    expect(webChanges).toBe(100);
    for (const each of [
      "Up",
      "Powering up",
      "Powering down",
      "Migration Source",
      "Migration Destination",
      "post-copy",
    ]) {
      expect(seen).toContain(each);
    }
    for (const each of [
      "Down 1/0",
      "Down 1/1",
      "Down 4/0",
      "Down 5/1",
      "agent starting",
      "agent silent",
      "recovering",
    ]) {
      expect(seen).toContain(each);
    }
  });
});

test("no guest's report grows without end, and old agents tell the same addresses in both ways", () => {
  const world = populated(30);
  for (let moment = 0; moment < 3_000; moment += 1) advanceWorld(world);
  for (const { netIfaces, guestIPs } of world.vms) {
    expect(netIfaces?.length ?? 0).toBeLessThan(400);
    const ipv4 = netIfaces?.flatMap(({ inet }) => inet) ?? [];
    expect(ipv4.length).toBeLessThan(60);
    if (guestIPs && netIfaces !== null) expect(ipv4.join(" ")).toBe(guestIPs);
  }
});

describe("what a host says", () => {
  let world: World;
  const eth0: WireInterface = { hw: "00:1a:4a:16:17:08", inet: ["10.1.2.3"], inet6: [], name: "eth0" };

  beforeEach(() => {
    world = createWorld({ hosts: ["host1", "host2"] });
    world.addVm({ name: "vm-1", host: "host1", netIfaces: [eth0] });
  });

  test("is composed once between two changes", () => {
    const verbs = world.createAnswers("host1");
    const first = verbs.answer("Host.getAllVmStats", {});
    expect(verbs.answer("Host.getAllVmStats", {})).toBe(first);
    world.takeSample();
    const second = verbs.answer("Host.getAllVmStats", {});
    expect((second as EncodedJson).text).not.toBe((first as EncodedJson).text);
    expect(stats(world, "host1")[0]).toMatchObject({ netIfaces: [eth0] });
  });

  test("follows every change of the guest", () => {
    world.setInterfaces("vm-1", []);
    world.setGuestIPs("vm-1", null);
    world.setFqdn("vm-1", null);
    world.setRaw("vm-1", { vmName: 7, status: undefined });
    const [record] = stats(world, "host1");
    expect(record).toMatchObject({ vmName: 7, netIfaces: [] });
    for (const absent of ["guestIPs", "guestFQDN", "status"]) expect(record).not.toHaveProperty(absent);
    world.stopAgent("vm-1");
    expect(stats(world, "host1")[0]).not.toHaveProperty("netIfaces");
    world.startAgent("vm-1");
    world.setInterfaces("vm-1", [eth0]);
    expect(stats(world, "host1")[0]).toMatchObject({ netIfaces: [eth0] });
  });

  test("of a Down VM is how it ended, until it is destroyed; then it may start again", () => {
    world.stop("vm-1");
    expect(Object.keys(stats(world, "host1")[0]!)).toEqual([
      "statusTime",
      "status",
      "vmId",
      "exitCode",
      "exitReason",
      "exitMessage",
      "timeOffset",
    ]);
    world.destroy("vm-1");
    expect(stats(world, "host1")).toEqual([]);
    world.start("vm-1", "host2");
    expect(stats(world, "host2")).toMatchObject([{ status: "Powering up" }]);
    expect(stats(world, "host2")[0]).not.toHaveProperty("netIfaces");
    world.remove("vm-1");
    expect(stats(world, "host2")).toEqual([]);
    expect(() => world.findVm("vm-1")).toThrow("no VM vm-1");
  });

  test("of a migration is on both hosts, until the source is left or the destination fails", () => {
    const told = () =>
      ["host1", "host2"].map((host) =>
        stats(world, host)
          .map((each) => each.status)
          .join(),
      );
    expect(() => {
      world.finishMigration("vm-1");
    }).toThrow("vm-1 is not migrating");
    expect(() => {
      world.startMigration("vm-1", "host1");
    }).toThrow("cannot move");
    world.startMigration("vm-1", "host2", { postCopy: true });
    expect(told()).toEqual(["Migration Source", "Migration Destination"]);
    expect(stats(world, "host1")[0]).not.toHaveProperty("memUsage");
    expect(stats(world, "host2")[0]).toMatchObject({ netIfaces: [eth0] });
    world.failMigration("vm-1");
    expect(told()).toEqual(["Up", "Down"]);
    world.destroy("vm-1", "host2");
    expect(told()).toEqual(["Up", ""]);
    world.startMigration("vm-1", "host2");
    world.finishMigration("vm-1");
    expect(stats(world, "host1")).toMatchObject([{ status: "Down", exitReason: 4 }]);
    world.leaveSource("vm-1");
    expect(told()).toEqual(["", "Up"]);
    world.migrate("vm-1", "host1");
    expect(told()).toEqual(["Up", ""]);
  });

  test("has another hash with other devices or another vdsmd, and not with other guests' news", () => {
    const hash = () => stats(world, "host1")[0]?.hash;
    const first = hash();
    world.takeSample();
    world.setInterfaces("vm-1", []);
    expect(hash()).toBe(first);
    world.restartVdsmd("host1");
    const second = hash();
    expect(second).not.toBe(first);
    world.setNics("vm-1", []);
    expect(hash()).not.toBe(second);
  });
});
