import type { GuestFactory } from "../vm-spec.js";
import type { Random } from "../random.js";
import { createInterface, createLinkedInterface, LOOPBACK } from "./parts.js";

/** Creates a guest with two NICs, IPv4 first, as most VMs are. */
export const createLinuxServer: GuestFactory = (_name, plan, random) => {
  const [first, second] = [plan.takeMac(), plan.takeMac()];
  const { front, back } = pickNicNames(random);
  return {
    nics: [
      { mac: first, network: "ovirtmgmt" },
      { mac: second, network: "storage" },
    ],
    netIfaces: [
      LOOPBACK,
      createLinkedInterface(front, first, [plan.takeIpv4("ovirtmgmt")]),
      createLinkedInterface(back, second, [plan.takeIpv4("storage")]),
    ],
  };
};

/** Creates a guest with one NIC and addresses of both families. */
export const createDualStack: GuestFactory = (_name, plan, random) => {
  const mac = plan.takeMac();
  const { front } = pickNicNames(random);
  return {
    nics: [{ mac, network: "vm-prod" }],
    netIfaces: [
      LOOPBACK,
      createLinkedInterface(front, mac, [plan.takeIpv4("vm-prod")], [plan.takeIpv6("vm-prod")]),
    ],
  };
};

/** Creates a guest whose only IPv4 address is that of loopback. */
export const createIpv6Only: GuestFactory = (_name, plan, random) => {
  const mac = plan.takeMac();
  const { front } = pickNicNames(random);
  const addresses = [plan.takeIpv6("vm-dmz"), plan.takeIpv6("vm-dmz")];
  return {
    nics: [{ mac, network: "vm-dmz" }],
    netIfaces: [LOOPBACK, createLinkedInterface(front, mac, [], addresses)],
  };
};

/** Creates a guest with many addresses on one interface, as mail servers and proxies have. */
export const createManyAddresses: GuestFactory = (_name, plan) => {
  const mac = plan.takeMac();
  const addresses = Array.from({ length: 24 }, () => plan.takeIpv4("vm-dmz"));
  return {
    nics: [{ mac, network: "vm-dmz" }],
    netIfaces: [LOOPBACK, createLinkedInterface("eth0", mac, addresses)],
  };
};

/** Creates a VPN gateway, whose tunnel has no hardware address. */
export const createTunnelled: GuestFactory = (_name, plan) => {
  const mac = plan.takeMac();
  return {
    nics: [{ mac, network: "vm-dmz" }],
    netIfaces: [
      LOOPBACK,
      createLinkedInterface("eth0", mac, [plan.takeIpv4("vm-dmz")]),
      createInterface("tun0", null, ["10.8.0.1"], ["fe80::1"]),
      createInterface("sit0", null),
    ],
  };
};

function pickNicNames(random: Random): { readonly front: string; readonly back: string } {
  return random.pick([
    { front: "eth0", back: "eth1" },
    { front: "ens3", back: "ens4" },
    { front: "enp1s0", back: "enp2s0" },
    { front: "eno1", back: "eno2" },
  ]);
}
