import type { ReportedInterface } from "../../vdsm/records/interfaces.js";
import { canonicalIPv4, canonicalIPv6 } from "../../model/ip.js";
import type { GuestInterface } from "../../store/types.js";
import { validAddresses } from "./guest-addresses.js";
import { wholeOf } from "./diff.js";
import { storableText } from "./text.js";

/** Interfaces that are the guest's own plumbing and no answer to anyone: loopbacks, tunnels, container ends. */
export const DEFAULT_GUEST_NIC_IGNORE = "lo[0-9]*,Loopback.*,tun[0-9]*,veth[0-9a-f]*";

/** What a guest reports, tidied, in reported order: VDSM's spellings end here, and an interface that says nothing new is dropped. */
export function toGuestInterfaces(
  vmId: string,
  reported: readonly ReportedInterface[],
  ignoreNames: readonly RegExp[],
): GuestInterface[] {
  const kept = new Map<string, GuestInterface>();
  for (const entry of reported) {
    const device = toGuestInterface(vmId, entry);
    if (isIgnored(device.name, ignoreNames)) continue;
    const whole = wholeOf(device);
    if (!kept.has(whole)) kept.set(whole, device);
  }
  return [...kept.values()];
}

/** The MAC in lower case with colons, or `null` if it is none; 8 and 20 octets are InfiniBand's. */
export function tidyMac(text: string | null): string | null {
  const mac = (text ?? "").trim().toLowerCase().replaceAll("-", ":");
  return MAC.test(mac) ? mac : null;
}

/** Whether the name is one of those that are left out. */
function isIgnored(name: string | null, ignoreNames: readonly RegExp[]): boolean {
  return name !== null && ignoreNames.some((pattern) => pattern.test(name));
}

/** The patterns of a comma-separated setting; each must match a whole name. */
export function parseIgnorePatterns(setting: string): RegExp[] {
  return setting
    .split(",")
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== "")
    .map(toWholeNamePattern);
}

/** What VDSM names or spells in its own way is tidied; whatever else is reported is taken as it is. */
function toGuestInterface(vmId: string, reported: ReportedInterface): GuestInterface {
  const { name, hw, inet, inet6, ...asReported } = reported;
  return {
    ...asReported,
    vmId,
    name: name === null || name === "" ? null : storableText(name),
    macAddress: tidyMac(hw),
    ipv4Addresses: validAddresses(inet, canonicalIPv4),
    ipv6Addresses: validAddresses(inet6, canonicalIPv6),
  };
}

function toWholeNamePattern(pattern: string): RegExp {
  try {
    // Compiled bare first: wrapped, `a)(b` would pass for a pattern.
    new RegExp(pattern);
    return new RegExp(`^(?:${pattern})$`);
  } catch (cause) {
    throw new Error(
      `"${pattern}" is not a regular expression; interface names to ignore are patterns separated by commas`,
      { cause },
    );
  }
}

const MAC =
  /^(?:[0-9a-f]{2}:){5}(?:[0-9a-f]{2}|(?:[0-9a-f]{2}:){2}[0-9a-f]{2}|(?:[0-9a-f]{2}:){14}[0-9a-f]{2})$/;
