import { formatAddress, listEquivalentCidrs, type Cidr } from "../../../model/address/cidr.js";
import type { SqlParameters } from "../../postgres/sql.js";
import type { MappedAddresses } from "../../vm-search.js";

/** Builds the condition that an address is an IPv4 address that is mapped into IPv6. */
export function isMapped(column: string): string {
  return `${column} <<= '::ffff:0:0/96'::inet`;
}

/** Builds the condition, behind others, of which addresses count, from the condition that one is mapped; none if all count. */
export function andCounts(mapped: MappedAddresses | null, isMappedAddress: string): string {
  return mapped === null ? "" : `AND ${mapped === "only" ? "" : "NOT "}${isMappedAddress}`;
}

/**
 * Builds the condition that an address is in a prefix. An IPv4 address that is mapped into IPv6 counts as the IPv4 address.
 */
export function matchCidr(column: string, cidr: Cidr, parameters: SqlParameters): string {
  const ranges = listEquivalentCidrs(cidr).map(({ family, first, last }) => {
    const [from, to] = [first, last].map((value) => parameters.add(formatAddress({ family, value })));
    return `${column} BETWEEN ${from}::inet AND ${to}::inet`;
  });
  return `(${ranges.join(" OR ")})`;
}
