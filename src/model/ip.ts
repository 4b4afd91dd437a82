import { isIPv4, isIPv6 } from "node:net";

/** An IPv4 address as it is stored, four decimal octets and nothing else; `null` if the text is none. */
export function canonicalIPv4(text: string): string | null {
  return isIPv4(text) ? text : null;
}

/**
 * An IPv6 address in the one text form in which it is stored, so that a search is an equality: RFC 5952, hexadecimal
 * throughout, without a zone. `null` if the text is none.
 */
export function canonicalIPv6(text: string): string | null {
  const zone = text.lastIndexOf("%");
  const address = zone === -1 ? text : text.slice(0, zone);
  if (!isIPv6(address) || address.includes("%")) return null;
  // The URL standard writes a host so, and reads dots as the last 32 bits: `::10.0.0.1` is not `::ffff:10.0.0.1`.
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The eight groups of a canonical address. */
export function groupsOfIPv6(canonical: string): readonly string[] {
  const [left = [], right = []] = canonical.split("::").map((half) => (half === "" ? [] : half.split(":")));
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => "0"), ...right];
}
