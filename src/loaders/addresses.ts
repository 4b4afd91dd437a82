import { isIPv4, isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";

/** An IPv4 address as it is stored, or `null` if the text is none. */
export function canonicalIPv4(text: string): string | null {
  return isIPv4(text) ? text : null;
}

/** An IPv6 address in the one text form in which it is stored (RFC 5952, without a zone), or `null`. */
export function canonicalIPv6(text: string): string | null {
  const [address, ...zones] = text.split("%");
  if (address === undefined || zones.length > 1 || !isIPv6(address)) return null;
  return ipaddr.IPv6.parse(address).toRFC5952String();
}

/** `true` if the address is of use beyond its own link: neither loopback, link-local nor unspecified. */
export function reachesBeyondItsLink(address: string): boolean {
  return !LOCAL.test(address);
}

const LOCAL = /^(?:127\.|169\.254\.|0\.0\.0\.0$|::1?$|fe[89ab][0-9a-f]:)/i;
