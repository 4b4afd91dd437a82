import { DEFAULT_GUEST_LIMITS, type GuestLimits } from "../../model/guest/guest-limits.js";
import {
  dropLoopback,
  isGlobalAddress,
  isLoopbackAddress,
  normalizeAddress,
  normalizeIPv4,
  normalizeIPv6,
} from "../../model/address/ip.js";
import { compareByContent } from "../../store/read/guest-interfaces.js";
import type { GuestInterface } from "../../store/types.js";
import type { ReportedInterface } from "../../vdsm/records/interfaces.js";
import { ProblemList } from "../../vdsm/records/values.js";
import { formatInterfaceKey } from "./diff.js";
import { normalizeAddresses } from "./guest-addresses.js";
import { KnownInterfaces } from "./known-interfaces.js";

/** Options of normalizing. */
export interface NormalizeOptions {
  /** The stored interfaces. They keep what cannot be read of the reported ones. */
  readonly known?: readonly GuestInterface[];
  readonly limits?: GuestLimits;
  /** Receives the problems of interfaces that are not ignored, and one if the limits leave something out. */
  readonly problems?: ProblemList;
}

/** What a guest reports of an interface, without what is wrong with it. */
type ReportedValues = Omit<ReportedInterface, "problems">;

/**
 * Normalizes the interfaces that a guest reports, in reported order. VDSM's spellings end here. It leaves out
 * 1. interfaces with ignored names;
 * 2. loopback addresses, link-local ones of a loopback interface (BSD's lo0 has fe80::1), and interfaces that have no others;
 * 3. repeated equal interfaces;
 * 4. what exceeds the limits.
 */
export function toGuestInterfaces(
  vmId: string,
  reported: readonly ReportedInterface[],
  ignoreNames: readonly RegExp[],
  { known = [], limits = DEFAULT_GUEST_LIMITS, problems = new ProblemList() }: NormalizeOptions = {},
): GuestInterface[] {
  const knownInterfaces = new KnownInterfaces(known, reported);
  const kept = new Map<string, GuestInterface>();
  let addresses = 0;
  let isTooMuch = false;
  for (const { problems: itsProblems, ...entry } of reported) {
    const guestInterface = toGuestInterface(vmId, entry, knownInterfaces);
    if (isIgnored(guestInterface.name, ignoreNames)) continue;
    for (const { field, reason } of itsProblems) problems.add(field, reason);
    if (isLoopbackAlone(entry, guestInterface)) continue;
    const key = formatInterfaceKey(guestInterface);
    if (kept.has(key)) continue;
    const more = guestInterface.ipv4Addresses.length + guestInterface.ipv6Addresses.length;
    if (kept.size < limits.interfaces && addresses + more <= limits.addresses) {
      kept.set(key, guestInterface);
      addresses += more;
    } else {
      isTooMuch = true;
    }
  }
  if (isTooMuch) {
    const most = `${limits.interfaces} interfaces or ${limits.addresses} addresses`;
    problems.add("netIfaces", `has more than ${most}; the others are left out`);
  }
  return sortSameNames([...kept.values()]);
}

/** Returns `true` if one of the patterns matches the name. */
export function isIgnored(name: string | null, ignoreNames: readonly RegExp[]): boolean {
  return name !== null && ignoreNames.some((pattern) => pattern.test(name));
}

/** Returns `true` for an interface whose reported addresses are all loopback, so that nobody can reach it. */
function isLoopbackAlone(reported: ReportedValues, guestInterface: GuestInterface): boolean {
  const { ipv4Addresses, ipv6Addresses } = guestInterface;
  return ipv4Addresses.length + ipv6Addresses.length === 0 && hasLoopback(reported);
}

function hasLoopback({ inet, inet6 }: ReportedValues): boolean {
  return [...(inet ?? []), ...(inet6 ?? [])].some((text) => {
    const address = normalizeAddress(text);
    return address !== null && isLoopbackAddress(address);
  });
}

/** Converts a reported interface. Normalizes the fields for which VDSM has its own spelling; takes others as they are. */
function toGuestInterface(vmId: string, reported: ReportedValues, known: KnownInterfaces): GuestInterface {
  const { name: reportedName, hw, inet, inet6, ...asReported } = reported;
  const identity = known.identify({ name: reportedName, hw });
  const { macAddress } = identity;
  // Addresses that cannot be read stay as they were.
  const before = inet !== null && inet6 !== null ? null : known.find(identity);
  const ipv4 = inet === null ? (before?.ipv4Addresses ?? []) : normalizeAddresses(inet, normalizeOwnIPv4);
  const ipv6 = inet6 === null ? (before?.ipv6Addresses ?? []) : normalizeAddresses(inet6, normalizeOwnIPv6);
  const isLoopback = (macAddress === null || macAddress === NO_MAC) && hasLoopback(reported);
  return {
    ...asReported,
    vmId,
    ...identity,
    ipv4Addresses: isLoopback ? ipv4.filter(isGlobalAddress) : ipv4,
    ipv6Addresses: isLoopback ? ipv6.filter(isGlobalAddress) : ipv6,
  };
}

/** The MAC of Linux' loopback interface. Other systems report none. */
const NO_MAC = "00:00:00:00:00:00";

function normalizeOwnIPv4(text: string): string | null {
  return dropLoopback(normalizeIPv4(text));
}

function normalizeOwnIPv6(text: string): string | null {
  return dropLoopback(normalizeIPv6(text));
}

/**
 * Sorts interfaces of the same name as readers get them, because their order is not stored. Others keep their positions.
 */
function sortSameNames(guestInterfaces: GuestInterface[]): GuestInterface[] {
  const byName = new Map<string | null, GuestInterface[]>();
  for (const guestInterface of guestInterfaces) {
    const held = byName.get(guestInterface.name);
    if (held === undefined) byName.set(guestInterface.name, [guestInterface]);
    else held.push(guestInterface);
  }
  if (byName.size === guestInterfaces.length) return guestInterfaces;
  for (const held of byName.values()) held.sort(compareByContent).reverse();
  return guestInterfaces.map((guestInterface) => byName.get(guestInterface.name)?.pop() ?? guestInterface);
}
