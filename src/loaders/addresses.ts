export { canonicalIPv4, canonicalIPv6 } from "../model/ip.js";

/** `true` if the address is of use beyond its own link: neither loopback, link-local nor unspecified. */
export function reachesBeyondItsLink(address: string): boolean {
  return !LOCAL.test(address);
}

const LOCAL = /^(?:127\.|169\.254\.|0\.0\.0\.0$|::1?$|fe[89ab][0-9a-f]:)/i;
