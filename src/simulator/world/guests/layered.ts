import type { GuestMaker } from "../vm-spec.js";
import { iface, linked, LOOPBACK } from "./parts.js";

/** Two NICs under a bond under two VLANs: five interfaces share one MAC, and only the VLANs have addresses. */
export const bondedVlans: GuestMaker = (_name, plan) => {
  const [first, second] = [plan.nextMac(), plan.nextMac()];
  return {
    nics: [
      { mac: first, network: "vm-prod" },
      { mac: second, network: "vm-prod" },
    ],
    netIfaces: [
      LOOPBACK,
      iface("eth0", first),
      iface("eth1", first),
      linked("bond0", first),
      linked("bond0.100", first, [plan.nextIpv4("vm-prod")], [plan.nextIpv6("vm-prod")]),
      linked("bond0.200", first, [plan.nextIpv4("storage")]),
    ],
  };
};

/** A router: the bridge over a NIC has the NIC's MAC and its addresses. */
export const bridged: GuestMaker = (_name, plan) => {
  const [first, second] = [plan.nextMac(), plan.nextMac()];
  return {
    nics: [
      { mac: first, network: "ovirtmgmt" },
      { mac: second, network: "vm-dmz", model: "e1000e" },
    ],
    netIfaces: [
      LOOPBACK,
      linked("eth0", first, [plan.nextIpv4("ovirtmgmt")]),
      linked("br-ex", second, [plan.nextIpv4("vm-dmz")], [plan.nextIpv6("vm-dmz")]),
      iface("eth1", second),
      iface("virbr0", "52:54:00:8e:1c:5a", ["192.168.122.1"]),
      iface("tun0", null, ["10.8.0.2"], ["fe80::1"]),
    ],
  };
};
