import { isLoopbackAddress, normalizeIPv4, normalizeIPv6 } from "../../model/address/ip.js";
import type { GuestInterface } from "../../store/types.js";
import { splitGuestIps } from "../../vdsm/records/guest-ips.js";

/** Joins all addresses of a VM: IPv4 in reported order, then IPv6, each once, joined by a blank; `null` if there is none. */
export function joinIps(
  interfaces: readonly Pick<GuestInterface, "ipv4Addresses" | "ipv6Addresses">[],
): string | null {
  return joinAddresses([
    ...interfaces.flatMap((guestInterface) => guestInterface.ipv4Addresses),
    ...interfaces.flatMap((guestInterface) => guestInterface.ipv6Addresses),
  ]);
}

/**
 * Joins the addresses in `guestIPs` in the same way. Agents that report no interfaces send this list, separated by blanks
 * or commas. A list that begins with loopback has no information.
 */
export function parseGuestIps(guestIPs: string | null): string | null {
  const text = (guestIPs ?? "").trim();
  if (text === "" || text.startsWith("127.0.")) return null;
  const items = splitGuestIps(text).filter((item) => !isLoopbackAddress(item));
  return joinAddresses([
    ...normalizeAddresses(items, normalizeIPv4),
    ...normalizeAddresses(items, normalizeIPv6),
  ]);
}

/** Normalizes texts, and leaves out those for which `normalize` returns `null`. Keeps the order, each address once. */
export function normalizeAddresses(
  items: readonly string[],
  normalize: (item: string) => string | null,
): readonly string[] {
  const valid = new Set<string>();
  for (const item of items) {
    const address = normalize(item);
    if (address !== null) valid.add(address);
  }
  return [...valid];
}

/** Returns `true` if two `vm_ip` texts hold the same addresses, in whatever order. */
export function hasSameIps(left: string | null, right: string | null): boolean {
  if (left === right) return true;
  return left !== null && right !== null && hasSameMembers(left.split(" "), right.split(" "));
}

/** Returns `true` if both lists have the same members. Neither may have a member twice. */
export function hasSameMembers(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  if (left.every((member, index) => member === right[index])) return true;
  const members = new Set(left);
  return right.every((member) => members.has(member));
}

function joinAddresses(addresses: readonly string[]): string | null {
  return addresses.length === 0 ? null : [...new Set(addresses)].join(" ");
}
