import { normalizeIPv4, normalizeIPv6 } from "../../model/ip.js";
import type { GuestInterface } from "../../store/types.js";

/** All addresses of a VM: IPv4 in reported order, then IPv6, each once, joined by a blank; `null` if there is none. */
export function joinIps(
  interfaces: readonly Pick<GuestInterface, "ipv4Addresses" | "ipv6Addresses">[],
): string | null {
  return joinAddresses([
    ...interfaces.flatMap((device) => device.ipv4Addresses),
    ...interfaces.flatMap((device) => device.ipv6Addresses),
  ]);
}

/** The same from `guestIPs`, the list of agents that tell no interfaces; one that begins with loopback says nothing. */
export function parseGuestIps(guestIPs: string | null): string | null {
  const text = (guestIPs ?? "").trim();
  if (text === "" || text.startsWith("127.0.")) return null;
  const words = text.split(/\s+/);
  return joinAddresses([
    ...normalizeAddresses(words, normalizeIPv4),
    ...normalizeAddresses(words, normalizeIPv6),
  ]);
}

/** The words that `tidy` accepts, tidied, each once, in their order. */
export function normalizeAddresses(
  words: readonly string[],
  tidy: (word: string) => string | null,
): readonly string[] {
  const valid = new Set<string>();
  for (const word of words) {
    const address = tidy(word);
    if (address !== null) valid.add(address);
  }
  return [...valid];
}

/** `true` if two `vm_ip` texts hold the same addresses, in whatever order. */
export function hasSameIps(left: string | null, right: string | null): boolean {
  if (left === right) return true;
  return left !== null && right !== null && hasSameMembers(left.split(" "), right.split(" "));
}

/** `true` if both lists, each without repeats, have the same members. */
export function hasSameMembers(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  if (left.every((member, index) => member === right[index])) return true;
  const members = new Set(left);
  return right.every((member) => members.has(member));
}

function joinAddresses(addresses: readonly string[]): string | null {
  return addresses.length === 0 ? null : [...new Set(addresses)].join(" ");
}
