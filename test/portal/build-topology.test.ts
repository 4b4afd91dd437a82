import { describe, expect, test } from "vitest";
import { buildTopology, type PlacedVm } from "../../portal/src/topology/build-topology.js";

type Nic = NonNullable<PlacedVm["nics"]>[number];

const nic = (network: string | null, overrides: Partial<Nic> = {}): Nic => ({
  network,
  linked: true,
  plugged: true,
  ...overrides,
});

const vm = (name: string, host: string | null, nics: PlacedVm["nics"], status = "UP"): PlacedVm => ({
  id: name,
  name,
  status: status as PlacedVm["status"],
  host: host === null ? null : { id: host, name: host },
  nics,
});

/** Networks, hosts and VMs as one reads them; `!`: nobody can meet it now. */
function outline(vms: readonly PlacedVm[]): Record<string, string[]> {
  return Object.fromEntries(
    buildTopology(vms).map(({ name, hosts }) => [
      name ?? "-",
      hosts.map(
        (host) =>
          `${host.name ?? "-"}: ${host.members.map((each) => each.vm.id + (each.isReachable ? "" : "!")).join(" ")}`,
      ),
    ]),
  );
}

describe("the topology", () => {
  test("puts VMs into the networks of their vNICs, by host, each in the order in which people count", () => {
    const vms = [
      vm("vm-10", "h-10", [nic("red")]),
      vm("vm-2", "h-2", [nic("red"), nic("blue")]),
      vm("vm-1", "h-10", [nic("red"), nic("red")]),
    ];
    expect(outline(vms)).toEqual({ blue: ["h-2: vm-2"], red: ["h-2: vm-2", "h-10: vm-1 vm-10"] });
  });

  test("names the networks that share VMs, with how many they share", () => {
    const vms = [
      vm("a", "h", [nic("red"), nic("blue")]),
      vm("b", "h", [nic("red"), nic("blue"), nic("lab")]),
    ];
    const red = buildTopology(vms).find(({ name }) => name === "red");
    expect(red?.bridges).toEqual([
      { network: "blue", vmCount: 2 },
      { network: "lab", vmCount: 1 },
    ]);
    expect(red?.hosts[0]?.members.map(({ alsoOn }) => alsoOn)).toEqual([["blue"], ["blue", "lab"]]);
  });

  test("tells who can be met now: running, with a vNIC there that is plugged in and linked", () => {
    const vms = [
      vm("up", "h", [nic("red")]),
      vm("down", null, [nic("red")], "DOWN"),
      vm("unlinked", "h", [nic("red", { linked: false })]),
      vm("unplugged", "h", [nic("red", { plugged: false }), nic("blue")]),
      vm("untold", "h", [nic("red", { linked: null, plugged: null })]),
    ];
    expect(outline(vms)["red"]).toEqual(["h: unlinked! unplugged! untold up", "-: down!"]);
    expect(buildTopology(vms).at(-1)).toMatchObject({ name: "red", vmCount: 5, reachableCount: 2 });
  });

  test("keeps VMs whose network is not known in sight, behind the others, as ones that nobody can be said to meet", () => {
    const vms = [
      vm("none", "h", []),
      vm("unknown", "h", null),
      vm("bare", "h", [nic(null)]),
      vm("a", "h", [nic("red")]),
    ];
    expect(outline(vms)).toEqual({ red: ["h: a"], "-": ["h: bare! none! unknown!"] });
  });

  test("is whole for 5,000 VMs on 60 networks and 100 hosts", () => {
    const vms = Array.from({ length: 5_000 }, (_, at) =>
      vm(`vm-${at}`, `h-${at % 100}`, [nic(`net-${at % 60}`), nic(`net-${(at + 1) % 60}`)]),
    );
    const groups = buildTopology(vms);
    expect(groups).toHaveLength(60);
    expect(groups.reduce((sum, { vmCount }) => sum + vmCount, 0)).toBe(10_000);
  });
});
