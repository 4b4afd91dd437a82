import { isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";
import type { GuestInterface } from "../store/types.js";

/** All addresses of a VM: IPv4 in reported order, then IPv6, each once, joined by a blank; `null` if there is none. */
export function vmIps(
  interfaces: readonly Pick<GuestInterface, "ipv4Addresses" | "ipv6Addresses">[],
): string | null {
  return joined([
    ...interfaces.flatMap((device) => device.ipv4Addresses),
    ...interfaces.flatMap((device) => device.ipv6Addresses),
  ]);
}

/** The same from `guestIPs`, the list of agents that tell no interfaces; one that begins with loopback says nothing. */
export function ipsOfGuestIps(guestIPs: string | null): string | null {
  const text = (guestIPs ?? "").trim();
  if (text === "" || text.startsWith("127.0.")) return null;
  const words = text.split(/\s+/);
  return joined([...validAddresses(words, tidyIPv4), ...validAddresses(words, tidyIPv6)]);
}

/** The words that `tidy` accepts, tidied, each once, in their order. */
export function validAddresses(
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

/** The address if it is four decimal octets and nothing else. */
export function tidyIPv4(text: string): string | null {
  return IPV4.test(text) ? text : null;
}

/** The address without its zone, in the one text form that RFC 5952 gives it. */
export function tidyIPv6(text: string): string | null {
  const zone = text.lastIndexOf("%");
  const address = zone === -1 ? text : text.slice(0, zone);
  if (!isIPv6(address) || address.includes("%")) return null;
  return isPlainlyCanonical(address) ? address : ipaddr.IPv6.parse(address).toRFC5952String();
}

/** `true` if two `vm_ip` texts hold the same addresses, in whatever order. */
export function sameIps(left: string | null, right: string | null): boolean {
  if (left === right) return true;
  return left !== null && right !== null && sameMembers(left.split(" "), right.split(" "));
}

/** `true` if both lists, each without repeats, have the same members. */
export function sameMembers(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  if (left.every((member, index) => member === right[index])) return true;
  const members = new Set(left);
  return right.every((member) => members.has(member));
}

/**
 * Sure only of the common shapes: lower case, no group that starts with 0, and `::` for two groups or more.
 * Nearly every address of a report is such a one, and parsing it costs twenty times as much.
 */
function isPlainlyCanonical(address: string): boolean {
  if (NEEDS_PARSING.test(address)) return false;
  return !address.includes("::") || address.split(":").filter((group) => group !== "").length <= 6;
}

function joined(addresses: readonly string[]): string | null {
  return addresses.length === 0 ? null : [...new Set(addresses)].join(" ");
}

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const NEEDS_PARSING = /[A-F.]|(?:^|:)0/;
