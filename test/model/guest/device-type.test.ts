import { expect, test } from "vitest";
import { guessDeviceKind, guessDeviceType, isVpnInterface } from "../../../src/model/guest/device-type.js";

test.each([
  ["eth0", null],
  ["ens3", null],
  [null, null],
  ["eth0.100", "VLAN"],
  ["bond0.4094", "VLAN"],
  ["vlan10", "VLAN"],
  ["bond0", "BOND"],
  ["team1", "BOND"],
  ["bond-mgmt", "BOND"],
  ["lagg0", "BOND"],
  ["vmbr1", "BRIDGE"],
  ["br_lan", "BRIDGE"],
  ["vlan-10", "VLAN"],
  ["br0", "BRIDGE"],
  ["br-ex", "BRIDGE"],
  ["docker0", "CONTAINER"],
  ["br-0123456789ab", "CONTAINER"],
  ["vnet12", "CONTAINER"],
  ["vboxnet0", "CONTAINER"],
  ["vxlan-v6.calico", "CONTAINER"],
  ["Ethernet 2", null],
] as const)("an interface that is called %s is of the kind %s", (name, type) => {
  expect(guessDeviceType(name)).toBe(type);
});

test.each([
  ...["wg-mullvad", "ppp0", "ZeroTier One [8056c2e21c000001]", "ovpns1", "ovpn-dco0", "tun_wg0", "wt0"],
  ...["CloudflareWARP", "Radmin VPN", "vpn_office"],
])("%s is a VPN's interface", (name) => {
  expect(isVpnInterface(name)).toBe(true);
});

test.each(["eth0", "wan", "vpnet0", "ovs-system", "Ethernet 2", "ham", "wlan0"])(
  "%s is no VPN's interface",
  (name) => {
    expect(isVpnInterface(name)).toBe(false);
  },
);

test.each([
  ["virbr0", "CONTAINER"],
  ["br-ex", "BRIDGE"],
  ["bond0.7", "VLAN"],
  ["wg0", "VPN"],
  ["vrrp.51", "UNKNOWN"],
  ["eth1", "UNKNOWN"],
  [null, "UNKNOWN"],
] as const)("without a vNIC, %s is of the kind %s", (name, kind) => {
  expect(guessDeviceKind(name)).toBe(kind);
});
