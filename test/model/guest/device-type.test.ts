import { expect, test } from "vitest";
import { guessDeviceType } from "../../../src/model/guest/device-type.js";

test.each([
  ["eth0", null],
  ["ens3", null],
  [null, null],
  ["eth0.100", "VLAN"],
  ["bond0.4094", "VLAN"],
  ["vlan10", "VLAN"],
  ["bond0", "BOND"],
  ["team1", "BOND"],
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
