import { describe, expect, test } from "vitest";
import { guessKind, matchNics } from "../../portal/src/vm/match-nics.js";

type Vm = Parameters<typeof matchNics>[0];

const device = (name: string, nicId: string | null) => ({
  name,
  macAddress: "56:6f:00:00:00:01",
  ipv4Addresses: [],
  ipv6Addresses: [],
  vmNic: nicId === null ? null : { id: nicId },
});

const nic = (id: string) => ({
  id,
  name: `nic${id}`,
  network: null,
  macAddress: null,
  linked: true,
  plugged: true,
  guestInterface: null,
  missingReason: null,
  probableInterface: null,
});

function vmWith(devices: ReturnType<typeof device>[] | null): Vm {
  return {
    guestInfo: { networkDevices: devices },
    nics: [nic("1"), nic("2")],
  };
}

describe("the tab of a VM", () => {
  test("puts every guest interface beside the vNIC that the server matched it with", () => {
    const tab = matchNics(vmWith([device("eth0", "1"), device("docker0", null), device("eth0.7", "1")]));
    expect(tab.rows.map(({ devices }) => devices?.map(({ name }) => name))).toEqual([["eth0", "eth0.7"], []]);
    expect(tab.guestOnly.map(({ name }) => name)).toEqual(["docker0"]);
  });

  test("tells a guest that is not known from one that has no interface", () => {
    expect(matchNics(vmWith(null)).rows.map(({ devices }) => devices)).toEqual([null, null]);
    expect(matchNics(vmWith([])).rows.map(({ devices }) => devices)).toEqual([[], []]);
  });

  test.each([
    ["docker0", "container"],
    ["br-0123456789ab", "container"],
    ["virbr0", "bridge"],
    ["br-ex", "bridge"],
    ["bond0", "bond"],
    ["eth0.100", "VLAN"],
    ["wg0", "VPN"],
    ["Ethernet 2", "other"],
    [null, "other"],
  ])("takes %j for a %s", (name, kind) => {
    expect(guessKind({ name })).toBe(kind);
  });
});
