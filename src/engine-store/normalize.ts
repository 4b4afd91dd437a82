import { normalizeIPv4, normalizeIPv6 } from "../model/address/ip.js";

/** Parses the IPv4 addresses of a column, each once, in stored order; `''` and NULL are both none. */
export function parseIpv4List(text: string | null): readonly string[] {
  return parseAddressList(text, ".", normalizeIPv4);
}

/** Parses the IPv6 addresses of a column, without zones, in canonical text, each once, in stored order. */
export function parseIpv6List(text: string | null): readonly string[] {
  return parseAddressList(text, ":", normalizeIPv6);
}

/** Parses a list. Columns of addresses are joined by `,`, and `vm_ip` by blanks. Every address of the family has the mark. */
function parseAddressList(
  text: string | null,
  mark: "." | ":",
  canonical: (word: string) => string | null,
): readonly string[] {
  if (text === null || !text.includes(mark)) return [];
  const words = text.split(/[,\s]+/);
  return [...new Set(words.map(canonical).filter((address) => address !== null))];
}
