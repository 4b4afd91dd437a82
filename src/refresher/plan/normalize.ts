import { normalizeReportedMac } from "../../model/mac.js";
import type { ReportedInterface } from "../../vdsm/records/interfaces.js";
import { normalizeIPv4, normalizeIPv6 } from "../../model/ip.js";
import type { GuestInterface } from "../../store/types.js";
import { normalizeAddresses } from "./guest-addresses.js";
import { formatInterfaceKey } from "./diff.js";
import { toStorableText } from "./text.js";

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
    const whole = formatInterfaceKey(device);
    if (!kept.has(whole)) kept.set(whole, device);
  }
  return [...kept.values()];
}

/** Whether the name is one of those that are left out. */
function isIgnored(name: string | null, ignoreNames: readonly RegExp[]): boolean {
  return name !== null && ignoreNames.some((pattern) => pattern.test(name));
}

/** What VDSM names or spells in its own way is tidied; whatever else is reported is taken as it is. */
function toGuestInterface(vmId: string, reported: ReportedInterface): GuestInterface {
  const { name, hw, inet, inet6, ...asReported } = reported;
  return {
    ...asReported,
    vmId,
    name: name === null || name === "" ? null : toStorableText(name),
    macAddress: normalizeReportedMac(hw),
    ipv4Addresses: normalizeAddresses(inet, normalizeIPv4),
    ipv6Addresses: normalizeAddresses(inet6, normalizeIPv6),
  };
}
