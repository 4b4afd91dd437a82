import { deriveLinkLocal } from "../addresses.js";
import type { GuestFactory } from "../vm-spec.js";
import { createInterface, createLinkedInterface, LOOPBACK } from "./parts.js";

/** Creates a guest without an agent: VDSM knows its NICs and nothing more. */
export const createAgentless: GuestFactory = (_name, plan) => ({
  nics: [{ mac: plan.takeMac(), network: "vm-dmz", model: "rtl8139" }],
  agent: "none",
});

/** Creates a guest with an agent from before 2014. It gives '' for an interface without IPv4, and no loopback. */
export const createOldAgent: GuestFactory = (_name, plan) => {
  const macs = [plan.takeMac(), plan.takeMac(), plan.takeMac()] as const;
  const names = ["eth8", "eth9", "eth7"];
  return {
    nics: macs.map((mac) => ({ mac, network: "vm-prod" })),
    netIfaces: macs.map((mac, at) => ({
      name: names[at] ?? null,
      inet6: at === 1 ? [deriveLinkLocal(mac), plan.takeIpv6("vm-prod")] : [deriveLinkLocal(mac)],
      inet: [""],
      hw: mac,
    })),
  };
};

/** Creates a guest with an agent so old that it reports addresses and no interfaces. */
export const createGuestIpsOnly: GuestFactory = (_name, plan) => ({
  nics: [{ mac: plan.takeMac(), network: "ovirtmgmt" }],
  guestIPs: `${plan.takeIpv4("ovirtmgmt")} ${plan.takeIpv4("storage")}`,
  netIfaces: null,
});

/** Creates a guest whose agent starts some ticks later. */
export const createLateAgent: GuestFactory = (_name, plan) => {
  const mac = plan.takeMac();
  return {
    nics: [{ mac, network: "vm-prod" }],
    netIfaces: [LOOPBACK, createLinkedInterface("ens3", mac, [plan.takeIpv4("vm-prod")])],
    agent: "starting",
  };
};

/** Creates a guest that reports non-ASCII text, in the BMP and outside of it, wherever it can. */
export const createNonAscii: GuestFactory = (name, plan) => {
  const mac = plan.takeMac();
  return {
    os: "windows",
    fqdn: `${name}.größe.example.test`,
    nics: [{ mac, network: "vm-prod" }],
    netIfaces: [
      createInterface("LAN-Verbindung Büro", mac, [plan.takeIpv4("vm-prod")], [`${deriveLinkLocal(mac)}%7`]),
      createInterface("以太网 😀, zweite", "02:00:4c:4f:4f:50", ["169.254.77.1"]),
      createInterface("Loopback Pseudo-Interface 1", null, ["127.0.0.1"], ["::1"]),
    ],
  };
};

/** Creates a guest with one name twice with different addresses, and one interface reported twice. */
export const createDuplicateNames: GuestFactory = (_name, plan) => {
  const [first, second] = [plan.takeMac(), plan.takeMac()];
  const twice = createLinkedInterface("eth1", second, [plan.takeIpv4("storage")]);
  return {
    nics: [
      { mac: first, network: "vm-prod" },
      { mac: second, network: "storage" },
    ],
    netIfaces: [
      LOOPBACK,
      createLinkedInterface("eth0", first, [plan.takeIpv4("vm-prod")]),
      createLinkedInterface("eth0", first, [plan.takeIpv4("vm-prod")]),
      twice,
      twice,
    ],
  };
};

/** Creates a guest with an SR-IOV function: no device on the host, no statistics, only the domain XML has it. */
export const createSrIov: GuestFactory = (_name, plan) => {
  const [first, second] = [plan.takeMac(), plan.takeMac()];
  return {
    nics: [
      { mac: first, network: "ovirtmgmt" },
      { mac: second, network: "vm-prod", device: "hostdev" },
    ],
    netIfaces: [
      LOOPBACK,
      createLinkedInterface("eth0", first, [plan.takeIpv4("ovirtmgmt")]),
      createLinkedInterface("ens5f0v2", second, [plan.takeIpv4("vm-prod")]),
    ],
  };
};

/** Creates a guest with IP over InfiniBand, whose hardware address has 20 bytes. */
export const createInfiniBand: GuestFactory = (_name, plan, random) => {
  const mac = plan.takeMac();
  const guid = random.drawHex(16).match(/../g) ?? [];
  const hw = ["80:00:02:08:fe:80:00:00:00:00:00:00", ...guid].join(":");
  return {
    nics: [{ mac, network: "ovirtmgmt" }],
    netIfaces: [
      LOOPBACK,
      createLinkedInterface("eth0", mac, [plan.takeIpv4("ovirtmgmt")]),
      createInterface("ib0", hw, [plan.takeIpv4("storage")]),
    ],
  };
};
