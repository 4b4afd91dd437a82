import { isIPv4, isIPv6 } from "node:net";
import type { IpFamily } from "./cidr.js";
import { isPlainIPv6 } from "./plain-ipv6.js";

/** Returns the IPv4 address as it is stored, four decimal octets; `null` if the text is not one. */
export function normalizeIPv4(text: string): string | null {
  return isIPv4(text) ? text : null;
}

/**
 * Returns the IPv6 address in its stored text form: RFC 5952, without a zone. With one form, a search is a comparison.
 * `null` if the text is not an IPv6 address.
 */
export function normalizeIPv6(text: string): string | null {
  if (isPlainIPv6(text)) return text;
  if (!isAddressOf(6, text)) return null;
  // URL formats a host in this way, and reads dots as the last 32 bits: `::10.0.0.1` is not `::ffff:10.0.0.1`.
  return toMixedNotation(new URL(`http://[${dropZone(text)}]`).hostname.slice(1, -1));
}

/** Returns an address of either family in its stored text form; `null` if the text is none. */
export function normalizeAddress(text: string): string | null {
  return normalizeIPv4(text) ?? normalizeIPv6(text);
}

/** Returns `true` if the text is an address of this family. An IPv6 address may have a zone. */
export function isAddressOf(family: IpFamily, text: string): boolean {
  if (family === 4) return isIPv4(text);
  const address = dropZone(text);
  return isIPv6(address) && !address.includes("%");
}

function dropZone(text: string): string {
  const zone = text.lastIndexOf("%");
  return zone === -1 ? text : text.slice(0, zone);
}

/**
 * Lists the texts under which an IPv6 address may be stored. The first one is RFC 5952's. If that is mixed notation, the
 * second one has only hexadecimal groups, as earlier versions and some engines store it.
 */
export function listStoredSpellings(canonical: string): readonly string[] {
  const mixed = MIXED.exec(canonical);
  if (mixed === null) return [canonical];
  const [high, low] = readOctets(mixed[2] ?? "");
  return [canonical, `${mixed[1] ?? ""}${high}:${low}`];
}

/** Formats an address that embeds an IPv4 address with IPv4 notation at its end (RFC 5952, section 5). */
function toMixedNotation(hexadecimal: string): string {
  const embedded = EMBEDDED.exec(hexadecimal);
  if (embedded === null) return hexadecimal;
  const octets = embedded.slice(2).flatMap((group) => {
    const bits = parseInt(group, 16);
    return [bits >> 8, bits & 0xff];
  });
  return `${embedded[1] ?? ""}${octets.join(".")}`;
}

/** Converts an IPv4 address to the two hexadecimal groups that it takes in an IPv6 address. */
function readOctets(ipv4: string): [string, string] {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split(".").map(Number);
  return [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)];
}

/** IPv4-mapped (RFC 4291) and IPv4-translated (RFC 2765, 7915) addresses, in hexadecimal. */
const EMBEDDED = /^(::ffff:(?:0:)?)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;
const MIXED = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/;

/** Splits a normalized IPv6 address into its eight groups. */
export function splitIPv6(canonical: string): readonly string[] {
  const hexadecimal = listStoredSpellings(canonical).at(-1) ?? canonical;
  const [left = [], right = []] = hexadecimal.split("::").map((half) => (half === "" ? [] : half.split(":")));
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => "0"), ...right];
}

/** Returns `true` if others can use the address: it is not loopback, link-local or unspecified. */
export function isGlobalAddress(address: string): boolean {
  return !LOCAL_ADDRESS.test(address);
}

/** Returns `true` if the address is loopback, whatever its interface is called. */
export function isLoopbackAddress(address: string): boolean {
  return LOOPBACK_ADDRESS.test(address);
}

/** Returns the address unless it is loopback. */
export function dropLoopback(address: string | null): string | null {
  return address === null || isLoopbackAddress(address) ? null : address;
}

const LOOPBACK_ADDRESS = /^(?:(?:::ffff:(?:0:)?)?127\.|::1$)/i;
const LOCAL_ADDRESS = /^(?:(?:::ffff:(?:0:)?)?(?:127\.|169\.254\.|0\.0\.0\.0$)|::1?$|fe[89ab][0-9a-f]:)/i;
