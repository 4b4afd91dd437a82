import type { GuestMaker } from "../vm-spec.js";
import type { Random } from "../random.js";
import { iface, linked, LOOPBACK } from "./parts.js";

/** Two NICs, IPv4 first: what most VMs are. */
export const linuxServer: GuestMaker = (_name, plan, random) => {
  const [first, second] = [plan.nextMac(), plan.nextMac()];
  const [front, back] = nicNames(random);
  return {
    nics: [
      { mac: first, network: "ovirtmgmt" },
      { mac: second, network: "storage" },
    ],
    netIfaces: [
      LOOPBACK,
      linked(front, first, [plan.nextIpv4("ovirtmgmt")]),
      linked(back, second, [plan.nextIpv4("storage")]),
    ],
  };
};

/** One NIC with addresses of both families. */
export const dualStack: GuestMaker = (_name, plan, random) => {
  const mac = plan.nextMac();
  const [front] = nicNames(random);
  return {
    nics: [{ mac, network: "vm-prod" }],
    netIfaces: [LOOPBACK, linked(front, mac, [plan.nextIpv4("vm-prod")], [plan.nextIpv6("vm-prod")])],
  };
};

/** No IPv4 but loopback's. */
export const ipv6Only: GuestMaker = (_name, plan, random) => {
  const mac = plan.nextMac();
  const [front] = nicNames(random);
  const addresses = [plan.nextIpv6("vm-dmz"), plan.nextIpv6("vm-dmz")];
  return { nics: [{ mac, network: "vm-dmz" }], netIfaces: [LOOPBACK, linked(front, mac, [], addresses)] };
};

/** Many secondary addresses on one interface, as mail and proxy machines have. */
export const manyAddresses: GuestMaker = (_name, plan) => {
  const mac = plan.nextMac();
  const addresses = Array.from({ length: 24 }, () => plan.nextIpv4("vm-dmz"));
  return { nics: [{ mac, network: "vm-dmz" }], netIfaces: [LOOPBACK, linked("eth0", mac, addresses)] };
};

/** A VPN gateway: its tunnel has no hardware address at all. */
export const tunnelled: GuestMaker = (_name, plan) => {
  const mac = plan.nextMac();
  return {
    nics: [{ mac, network: "vm-dmz" }],
    netIfaces: [
      LOOPBACK,
      linked("eth0", mac, [plan.nextIpv4("vm-dmz")]),
      iface("tun0", null, ["10.8.0.1"], ["fe80::1"]),
      iface("sit0", null),
    ],
  };
};

function nicNames(random: Random): readonly [string, string] {
  return random.pick<readonly [string, string]>([
    ["eth0", "eth1"],
    ["ens3", "ens4"],
    ["enp1s0", "enp2s0"],
    ["eno1", "eno2"],
  ]);
}
