import { deriveLinkLocal } from "../addresses.js";
import type { GuestFactory } from "../vm-spec.js";
import { createInterface } from "./parts.js";

/** Windows under qemu-ga: names with blanks, zones behind link-local addresses, loopback without a MAC. */
export const createWindowsQemuAgent: GuestFactory = (_name, plan, random) => {
  const [first, second] = [plan.nextMac(), plan.nextMac()];
  return {
    os: "windows",
    nics: [
      { mac: first, network: "ovirtmgmt" },
      { mac: second, network: "vm-prod" },
    ],
    netIfaces: [
      createInterface(
        "Ethernet",
        first,
        [plan.nextIpv4("ovirtmgmt")],
        [`fe80::b51b:d3df:15df:${random.drawInt(1, 9)}eb%3`],
      ),
      createInterface(
        "Ethernet Instance 0 2",
        second,
        [plan.nextIpv4("vm-prod")],
        [`${deriveLinkLocal(second)}%12`],
      ),
      createInterface("Loopback Pseudo-Interface 1", null, ["127.0.0.1"], ["::1"]),
    ],
  };
};

/** Windows under oVirt's own agent: adapter descriptions as names, some longer than 50, one MAC dashed and upper-case. */
export const createWindowsOldAgent: GuestFactory = (_name, plan) => {
  const macs = [plan.nextMac(), plan.nextMac(), plan.nextMac()] as const;
  const addresses = [plan.nextIpv4("ovirtmgmt"), plan.nextIpv4("vm-prod"), plan.nextIpv4("storage")] as const;
  return {
    os: "windows",
    nics: [
      { mac: macs[0], network: "ovirtmgmt" },
      { mac: macs[1], network: "vm-prod" },
      { mac: macs[2], network: "storage", model: "e1000e" },
    ],
    guestIPs: addresses.join(" "),
    netIfaces: [
      createInterface("Red Hat VirtIO Ethernet Adapter #2", macs[0], [addresses[0]]),
      createInterface("Intel(R) 82574L Gigabit Network Connection (vm-prod)", macs[1].toUpperCase(), [
        addresses[1],
      ]),
      createInterface(
        LONG_DESCRIPTION,
        macs[2].toUpperCase().replaceAll(":", "-"),
        [addresses[2]],
        [`${deriveLinkLocal(macs[2])}%15`],
      ),
    ],
  };
};

/** 86 characters: past the 50 that the first design of the table's column allowed. */
const LONG_DESCRIPTION =
  "Microsoft Network Adapter Multiplexor Driver over Red Hat VirtIO Ethernet Adapter #4-1";
