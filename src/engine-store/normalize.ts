import { canonicalIPv4, canonicalIPv6, groupsOfIPv6 } from "../model/ip.js";

/** The MAC in lower case with colons, or `null` if the text is none; an engine stores what the guest said. */
export function macOf(text: string | null): string | null {
  const mac = (text ?? "").trim().toLowerCase().replaceAll("-", ":");
  return MAC.test(mac) ? mac : null;
}

/** The IPv4 addresses of a column, each once, in stored order; `''` and NULL are both none. */
export function ipv4sOf(text: string | null): readonly string[] {
  return addressesOf(text, canonicalIPv4);
}

/** The IPv6 addresses of a column, without zones, in canonical text, each once, in stored order. */
export function ipv6sOf(text: string | null): readonly string[] {
  return addressesOf(text, canonicalIPv6);
}

/** Every way in which an engine may have stored the canonical address: guests are not asked to be canonical. */
export function spellingsOf(address: string): readonly string[] {
  const canonical = canonicalIPv6(address);
  if (canonical === null) return [address.toLowerCase()];
  const groups = groupsOfIPv6(canonical);
  const padded = groups.map((group) => group.padStart(4, "0"));
  return [...new Set([canonical, ...dottedSpellings(groups), groups.join(":"), padded.join(":")])];
}

/** Addresses that hold one of IPv4, those of a `sit0` among them, are written so by C libraries. */
function dottedSpellings(groups: readonly string[]): readonly string[] {
  const isMapped = groups[5] === "ffff";
  if (groups.slice(0, 5).some((group) => group !== "0") || (!isMapped && groups[5] !== "0")) return [];
  const octets = groups.slice(6).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return [`${isMapped ? "::ffff:" : "::"}${octets.join(".")}`];
}

/** Columns of addresses are joined by `,`, and `vm_ip` by blanks. */
function addressesOf(text: string | null, canonical: (word: string) => string | null): readonly string[] {
  const words = (text ?? "").split(/[,\s]+/);
  return [...new Set(words.map(canonical).filter((address) => address !== null))];
}

/** 6 octets; 8 and 20 are InfiniBand's. */
const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?:(?::[0-9a-f]{2}){2}|(?::[0-9a-f]{2}){14})?$/;
