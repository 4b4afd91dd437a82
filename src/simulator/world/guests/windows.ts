import { deriveLinkLocal } from "../addresses.js";
import type { GuestFactory } from "../vm-spec.js";
import { createInterface } from "./parts.js";

/** Creates a Windows guest with qemu-ga: names with blanks, zones behind link-local addresses, loopback without a MAC. */
export const createWindowsQemuAgent: GuestFactory = (_name, plan, random) => {
  const [first, second] = [plan.takeMac(), plan.takeMac()];
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
        [plan.takeIpv4("ovirtmgmt")],
        [`fe80::b51b:d3df:15df:${random.drawInt(1, 9)}eb%3`],
      ),
      createInterface(
        "Ethernet Instance 0 2",
        second,
        [plan.takeIpv4("vm-prod")],
        [`${deriveLinkLocal(second)}%12`],
      ),
      createInterface("Loopback Pseudo-Interface 1", null, ["127.0.0.1"], ["::1"]),
    ],
  };
};

/**
 * Creates a Windows guest with oVirt's own agent: adapter descriptions as names, some longer than 50 characters, and
 * one MAC in upper case with dashes.
 */
export const createWindowsOldAgent: GuestFactory = (_name, plan) => {
  const macs = [plan.takeMac(), plan.takeMac(), plan.takeMac()] as const;
  const addresses = [plan.takeIpv4("ovirtmgmt"), plan.takeIpv4("vm-prod"), plan.takeIpv4("storage")] as const;
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

/** A description of 86 characters. The first design of the table's column allowed 50. */
const LONG_DESCRIPTION =
  "Microsoft Network Adapter Multiplexor Driver over Red Hat VirtIO Ethernet Adapter #4-1";
