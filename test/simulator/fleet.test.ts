import { afterEach, describe, expect, test } from "vitest";
import { startFleet, type Fleet } from "../../src/simulator/fleet/fleet.js";
import type { WireInterface } from "../../src/simulator/world/vm.js";
import { bodies, call, hello, RawPeer } from "./raw-peer.js";

interface Record {
  vmId: string;
  vmName: string;
  hash: string;
  network: { [name: string]: { macAddr: string; rx: string } };
  netIfaces?: WireInterface[];
}

let fleet: Fleet;

afterEach(() => fleet.stop());

async function ask(
  host: number,
  verb: string,
  params: unknown = {},
): Promise<{ text: string; result: unknown }> {
  const [address = "", port = ""] = (fleet.addresses[host] ?? "").split(":");
  const peer = await RawPeer.dial(Number(port), null, address);
  const text = await peer.send(hello() + call(verb, params)).frames(2);
  await peer.close();
  return { text, result: bodies(text)[0]?.result };
}

async function stats(host: number): Promise<Record[]> {
  return (await ask(host, "Host.getAllVmStats")).result as Record[];
}

describe("a fleet", () => {
  test("has VMs whose ids, names and MACs are theirs alone, in honest records of 2 to 3 kB", async () => {
    fleet = await startFleet({ hosts: 300, vmsPerHost: 20, seed: 1, changedPerCycle: 0 });
    const told = await Promise.all([0, 1, 255, 256, 299].map(stats));
    const records = told.flat();
    for (const key of ["vmId", "vmName"] as const) {
      expect(new Set(records.map((each) => each[key])).size).toBe(100);
    }
    const macs = records.flatMap((each) => Object.values(each.network).map(({ macAddr }) => macAddr));
    expect(new Set(macs).size).toBe(macs.length);
    const reported = records.filter(({ netIfaces }) => netIfaces?.some(({ hw }) => macs.includes(hw ?? "")));
    expect(reported).toHaveLength(100);
    const { text } = await ask(7, "Host.getAllVmStats");
    expect(text.length / 20).toBeGreaterThan(2_000);
    expect(text.length / 20).toBeLessThan(3_000);
  });

  test("moves counters at every poll, and addresses of as many VMs as are to change", async () => {
    fleet = await startFleet({ hosts: 1, vmsPerHost: 200, seed: 1, changedPerCycle: 0 });
    const changed = async () => {
      const [before, after] = [await stats(0), await stats(0)];
      expect(Object.values(after[0]!.network)[0]!.rx).not.toBe(Object.values(before[0]!.network)[0]!.rx);
      const differs = (each: Record, at: number) =>
        JSON.stringify(each.netIfaces) !== JSON.stringify(before[at]!.netIfaces);
      return after.filter(differs).length;
    };
    expect(await changed()).toBe(0);
    fleet.setChangedPerCycle(0.05);
    expect(await changed()).toBe(10);
    fleet.setChangedPerCycle(1);
    expect(await changed()).toBe(200);
    expect(fleet.polls[0]).toBe(6);
  });

  test("gives the XML of its VMs with their MACs and stable ids, and lists them", async () => {
    fleet = await startFleet({ hosts: 2, vmsPerHost: 2, seed: 1, changedPerCycle: 0 });
    const [first, second] = await stats(1);
    const { result } = await ask(1, "Host.dumpxmls", { vmList: [first!.vmId] });
    const xmls = result as { [vmId: string]: string };
    expect(Object.keys(xmls)).toEqual([first!.vmId]);
    for (const { macAddr } of Object.values(first!.network)) {
      expect(xmls[first!.vmId]).toContain(`<mac address='${macAddr}'/>`);
    }
    expect(xmls[first!.vmId]).toMatch(/<alias name='ua-f1ee7001-0000-4000-8000-000000000002'\/>/);
    expect((await ask(1, "Host.dumpxmls", { vmList: [first!.vmId] })).result).toEqual(result);
    expect((await ask(1, "Host.getVMList")).result).toMatchObject([
      { vmId: first!.vmId },
      { vmId: second!.vmId },
    ]);
    expect((await ask(0, "Host.nope")).text).toContain('"code": -32601');
    expect((await ask(0, "Host.ping2")).result).toBe(true);
    expect((await ask(0, "Host.getCapabilities")).result).toMatchObject({ hostname: "host-0.fleet.test" });
  });

  test("does not speak for hosts that it does not have", async () => {
    fleet = await startFleet({ hosts: 1, vmsPerHost: 1, seed: 1, changedPerCycle: 0 });
    const peer = await RawPeer.dial(fleet.port, null, "127.0.0.1");
    expect(await peer.send(hello()).closed).not.toBe(undefined);
    expect(peer.text).toBe("");
  });
});
