import { dropLoopback, normalizeIPv4, normalizeIPv6 } from "../model/address/ip.js";

/** Parses the IPv4 addresses of a column, without repetitions, in stored order. `''` and NULL both mean none. */
export function parseIpv4List(text: string | null): readonly string[] {
  return parseAddressList(text, ".", normalizeIPv4);
}

/** Parses the IPv6 addresses of a column into canonical text, without zones and repetitions, in stored order. */
export function parseIpv6List(text: string | null): readonly string[] {
  return parseAddressList(text, ":", normalizeIPv6);
}

/**
 * Parses a list. `,` separates addresses, in `vm_ip` a blank. Every address of the family contains `mark`. Loopback addresses are
 * left out: an engine keeps those of interfaces that it does not know as loopback interfaces, such as a VRF.
 */
function parseAddressList(
  text: string | null,
  mark: "." | ":",
  parse: (word: string) => string | null,
): readonly string[] {
  const normalize = (word: string) => dropLoopback(parse(word));
  if (text === null || !text.includes(mark)) return [];
  // Most interfaces have one address of a family.
  if (!SEPARATOR.test(text)) {
    const address = normalize(text);
    return address === null ? [] : [address];
  }
  const words = text.split(SEPARATORS);
  return [...new Set(words.map(normalize).filter((address) => address !== null))];
}

const SEPARATOR = /[,\s]/;
const SEPARATORS = /[,\s]+/;
