import { formatAddress, parseAddress, unmapAddress } from "../../model/address/cidr.js";

/** Drops the port with which some proxies forward an address: it is another one for each connection. */
export function dropPort(address: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(address)?.[1] ?? address.replace(/^([\d.]+):\d+$/, "$1");
}

/**
 * Finds whose turns and shares a client has where nobody is asked who they are. It is the address; of IPv6 the network of
 * 64 bits, since one machine has as many addresses there as it likes. Some proxies forward an address with its port, which is
 * another one for each connection, so it is left out.
 */
export function findAddressGroup(address: string): string {
  // Nearly all are IPv4. A socket that listens for both families shows it inside IPv6.
  const ipv4 = /^(?:::ffff:)?([\d.]+)$/i.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  const bare = dropPort(address);
  // The zone of a link-local address names an interface of this machine; all of them are one network here.
  const parsed = parseAddress(bare.replace(/%.*$/, ""));
  // What a proxy writes may be no address.
  if (parsed === null) return bare.slice(0, MOST_CHARACTERS);
  const { family, value } = unmapAddress(parsed);
  return family === 4 ? formatAddress({ family, value }) : `${(value >> 64n).toString(16)}::/64`;
}

const MOST_CHARACTERS = 64;
