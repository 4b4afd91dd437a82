import { describe, expect, test } from "vitest";
import { matchNics } from "../../portal/src/vm/match-nics.js";

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

  test("tells an interface that is probably a vNIC under another MAC from those that the guest made itself", () => {
    const vm = vmWith([device("eth0", "1"), device("eth1", null), device("docker0", null)]);
    const [first, second] = vm.nics!;
    const probableInterface = { name: "eth1", macAddress: "56:6f:00:00:00:01" };
    const tab = matchNics({ ...vm, nics: [first!, { ...second!, probableInterface }] });
    expect(tab.probable.map(({ name }) => name)).toEqual(["eth1"]);
    expect(tab.guestOnly.map(({ name }) => name)).toEqual(["docker0"]);
  });
});
