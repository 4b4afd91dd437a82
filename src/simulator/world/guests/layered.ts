import type { GuestFactory } from "../vm-spec.js";
import { createInterface, createLinkedInterface, LOOPBACK } from "./parts.js";

/** Creates two NICs under a bond under two VLANs. Five interfaces share one MAC; only the VLANs have addresses. */
export const createBondedVlans: GuestFactory = (_name, plan) => {
  const [first, second] = [plan.takeMac(), plan.takeMac()];
  return {
    nics: [
      { mac: first, network: "vm-prod" },
      { mac: second, network: "vm-prod" },
    ],
    netIfaces: [
      LOOPBACK,
      createInterface("eth0", first),
      createInterface("eth1", first),
      createLinkedInterface("bond0", first),
      createLinkedInterface("bond0.100", first, [plan.takeIpv4("vm-prod")], [plan.takeIpv6("vm-prod")]),
      createLinkedInterface("bond0.200", first, [plan.takeIpv4("storage")]),
    ],
  };
};

/** Creates a router. The bridge over its NIC has the NIC's MAC and its addresses. */
export const createBridged: GuestFactory = (_name, plan) => {
  const [first, second] = [plan.takeMac(), plan.takeMac()];
  return {
    nics: [
      { mac: first, network: "ovirtmgmt" },
      { mac: second, network: "vm-dmz", model: "e1000e" },
    ],
    netIfaces: [
      LOOPBACK,
      createLinkedInterface("eth0", first, [plan.takeIpv4("ovirtmgmt")]),
      createLinkedInterface("br-ex", second, [plan.takeIpv4("vm-dmz")], [plan.takeIpv6("vm-dmz")]),
      createInterface("eth1", second),
      createInterface("virbr0", "52:54:00:8e:1c:5a", ["192.168.122.1"]),
      createInterface("tun0", null, ["10.8.0.2"], ["fe80::1"]),
    ],
  };
};
