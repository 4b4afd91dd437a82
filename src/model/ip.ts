import { isIPv4, isIPv6 } from "node:net";

/** Returns the IPv4 address as it is stored, four decimal octets; `null` if the text is not one. */
export function normalizeIPv4(text: string): string | null {
  return isIPv4(text) ? text : null;
}

/**
 * Returns the IPv6 address in the one text form in which it is stored: RFC 5952, hexadecimal throughout, without a zone.
 * One form makes a search an equality. `null` if the text is not an IPv6 address.
 */
export function normalizeIPv6(text: string): string | null {
  const zone = text.lastIndexOf("%");
  const address = zone === -1 ? text : text.slice(0, zone);
  if (!isIPv6(address) || address.includes("%")) return null;
  // The URL standard writes a host so, and reads dots as the last 32 bits: `::10.0.0.1` is not `::ffff:10.0.0.1`.
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** Splits a normalized IPv6 address into its eight groups. */
export function splitIPv6(canonical: string): readonly string[] {
  const [left = [], right = []] = canonical.split("::").map((half) => (half === "" ? [] : half.split(":")));
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => "0"), ...right];
}

/** Returns `true` if others can use the address: it is not loopback, link-local or unspecified. */
export function isGlobalAddress(address: string): boolean {
  return !LOCAL_ADDRESS.test(address);
}

const LOCAL_ADDRESS = /^(?:127\.|169\.254\.|0\.0\.0\.0$|::1?$|fe[89ab][0-9a-f]:)/i;
