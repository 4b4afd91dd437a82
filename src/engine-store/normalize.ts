import { normalizeIPv4, normalizeIPv6, splitIPv6 } from "../model/ip.js";

/** The IPv4 addresses of a column, each once, in stored order; `''` and NULL are both none. */
export function parseIpv4List(text: string | null): readonly string[] {
  return parseAddressList(text, normalizeIPv4);
}

/** The IPv6 addresses of a column, without zones, in canonical text, each once, in stored order. */
export function parseIpv6List(text: string | null): readonly string[] {
  return parseAddressList(text, normalizeIPv6);
}

/** Every way in which an engine may have stored the canonical address: guests are not asked to be canonical. */
export function listSpellings(address: string): readonly string[] {
  const canonical = normalizeIPv6(address);
  if (canonical === null) return [address.toLowerCase()];
  const groups = splitIPv6(canonical);
  const padded = groups.map((group) => group.padStart(4, "0"));
  return [...new Set([canonical, ...listDottedSpellings(groups), groups.join(":"), padded.join(":")])];
}

/** Addresses that hold one of IPv4, those of a `sit0` among them, are written so by C libraries. */
function listDottedSpellings(groups: readonly string[]): readonly string[] {
  const isMapped = groups[5] === "ffff";
  if (groups.slice(0, 5).some((group) => group !== "0") || (!isMapped && groups[5] !== "0")) return [];
  const octets = groups.slice(6).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return [`${isMapped ? "::ffff:" : "::"}${octets.join(".")}`];
}

/** Columns of addresses are joined by `,`, and `vm_ip` by blanks. */
function parseAddressList(
  text: string | null,
  canonical: (word: string) => string | null,
): readonly string[] {
  const words = (text ?? "").split(/[,\s]+/);
  return [...new Set(words.map(canonical).filter((address) => address !== null))];
}
