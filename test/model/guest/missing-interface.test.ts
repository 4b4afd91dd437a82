import { expect, test } from "vitest";
import { findMissingInterfaces } from "../../../src/model/guest/missing-interface.js";
import { mac, uuid } from "../../support/builders/ids.js";
import { guestInterfaceRow, nicRow } from "../../support/builders/rows.js";

const VM = uuid(1, 1);
const eth = (name: string, number: number | null) =>
  guestInterfaceRow(VM, { name, macAddress: number === null ? null : mac(number) });
const nics = (...numbers: readonly number[]) => numbers.map((number) => nicRow(number, VM));
const UP = { status: 1, ips: ["10.0.0.1"] };

/** Of three vNICs, what is said of each. `null`: the guest shows it. */
test.each([
  ["all are shown", UP, [eth("eth0", 1), eth("eth1", 2), eth("eth2", 3)], [null, null, null]],
  ["the VM is down", { status: 0, ips: [] }, [], ["VM_DOWN", "VM_DOWN", "VM_DOWN"]],
  ["the VM is suspended", { status: 13, ips: [] }, null, ["VM_DOWN", "VM_DOWN", "VM_DOWN"]],
  ["there is no agent", { status: 1, ips: null }, null, ["NO_AGENT", "NO_AGENT", "NO_AGENT"]],
  ["the agent is old", UP, null, ["NO_DEVICES", "NO_DEVICES", "NO_DEVICES"]],
  ["the guest shows none at all", UP, [], ["NOT_REPORTED", "NOT_REPORTED", "NOT_REPORTED"]],
  [
    "two are in a bond",
    UP,
    [eth("bond0", 1), eth("eth0", 1), eth("eth1", 1), eth("eth2", 3)],
    [null, "BOND_MEMBER eth1", null],
  ],
  [
    "all three are in a bond",
    UP,
    [eth("bond0", 2), eth("eth0", 2), eth("eth1", 2), eth("eth2", 2)],
    ["BOND_MEMBER eth1", null, "BOND_MEMBER eth2"],
  ],
  [
    "two are in a bond with a MAC of its own, and one is off",
    UP,
    [eth("bond0", 99), eth("eth0", 99), eth("eth1", 99)],
    ["BOND_MEMBER eth0", "BOND_MEMBER eth1", "NOT_REPORTED"],
  ],
  [
    "two are in a bond with a MAC of its own, on which a bridge lies, and one is off",
    UP,
    [
      eth("bond0", 99),
      eth("eth0", 99),
      eth("eth1", 99),
      guestInterfaceRow(VM, { name: "ovirtmgmt", macAddress: mac(99), ipv4Addresses: ["10.0.0.5"] }),
      eth("lan", 99),
    ],
    ["BOND_MEMBER eth0", "BOND_MEMBER eth1", "NOT_REPORTED"],
  ],
  [
    "two with names of their own are in a bond, on which a bridge lies, and one is off",
    UP,
    [
      eth("bond0", 1),
      eth("left", 1),
      eth("right", 1),
      guestInterfaceRow(VM, { name: "ovirtmgmt", macAddress: mac(1), ipv4Addresses: ["10.0.0.5"] }),
    ],
    [null, "BOND_MEMBER right", "NOT_REPORTED"],
  ],
  [
    "an empty bond without a MAC has no members",
    UP,
    [
      guestInterfaceRow(VM, { name: "bond0", macAddress: "00:00:00:00:00:00" }),
      guestInterfaceRow(VM, { name: "can0", macAddress: "00:00:00:00:00:00" }),
      eth("eth0", 1),
      eth("eth1", 2),
    ],
    [null, null, "NOT_REPORTED"],
  ],
  [
    "two are in a bond, one is off, and a bridge and a VLAN with names of their own lie on the bond",
    UP,
    [
      eth("bond0", 1),
      eth("eth0", 1),
      eth("eth1", 1),
      guestInterfaceRow(VM, { name: "ovirtmgmt", macAddress: mac(1), ipv4Addresses: ["10.0.0.5"] }),
      guestInterfaceRow(VM, { name: "storage", macAddress: mac(1), ipv6Addresses: ["fe80::5"] }),
      eth("lan", 1),
    ],
    [null, "BOND_MEMBER eth1", "NOT_REPORTED"],
  ],
  [
    "one is in a bond, one has another MAC, and a VLAN stands on the bond",
    UP,
    [eth("team0", 1), eth("ens3", 1), eth("ens4", 1), eth("team0.7", 1), eth("ens5", 99)],
    [null, "BOND_MEMBER ens4", "MAC_DIFFERS ens5"],
  ],
  [
    "one has another MAC",
    UP,
    [eth("eth0", 1), eth("eth1", 77), eth("eth2", 3)],
    [null, "MAC_DIFFERS eth1", null],
  ],
  [
    "two have other MACs, and ten come after nine",
    UP,
    [eth("eth10", 88), eth("eth9", 77), eth("eth0", 2)],
    ["MAC_DIFFERS eth9", null, "MAC_DIFFERS eth10"],
  ],
  [
    "what the guest made itself is no vNIC",
    UP,
    [
      eth("eth0", 1),
      eth("docker0", 50),
      eth("br0", 51),
      eth("tap0", 52),
      eth("wg0", 53),
      eth("eth0.5", 54),
      eth("x", null),
    ],
    [null, "NOT_REPORTED", "NOT_REPORTED"],
  ],
  [
    "tunnels and switches of the guest have no vNIC, whatever stands for their MAC",
    UP,
    [
      guestInterfaceRow(VM, { name: "isatap.example.org", macAddress: "00:00:00:00:00:00:00:e0" }),
      guestInterfaceRow(VM, { name: "ip_vti0", macAddress: "00:00:00:00:00:00" }),
      eth("ZeroTier One [8056c2e21c000001]", 50),
      eth("vEthernet (inside)", 51),
      eth("vmbr1", 52),
      eth("LAN-Verbindung* 9", 53),
      eth("Ethernet", 3),
    ],
    ["NOT_REPORTED", "NOT_REPORTED", null],
  ],
  [
    "a bridge with its MAC is the vNIC",
    UP,
    [eth("br0", 1), eth("br1", 2), eth("virbr0", 3)],
    [null, null, null],
  ],
] as const)("why a vNIC is missing in its guest: %s", (_, vm, interfaces, expected) => {
  const all = nics(1, 2, 3);
  const comparison = findMissingInterfaces(vm, interfaces, all);
  const told = all.map((nic) => {
    const missing = comparison.find(nic);
    return missing === null ? null : [missing.reason, missing.probable?.name].filter(Boolean).join(" ");
  });
  expect(told).toEqual(expected);
});

test("a vNIC that is not plugged in takes no other's interface", () => {
  const unplugged = nicRow(1, VM, { plugged: false });
  const plugged = nicRow(2, VM);
  const comparison = findMissingInterfaces(UP, [eth("eth0", 77)], [unplugged, plugged]);
  expect(comparison.find(unplugged)).toEqual({ reason: "NOT_REPORTED", probable: null });
  expect(comparison.find(plugged)).toMatchObject({ reason: "MAC_DIFFERS", probable: { name: "eth0" } });
});
