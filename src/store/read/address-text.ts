import { normalizeAddress } from "../../model/address/ip.js";

/**
 * Returns rows whose addresses PostgreSQL formatted with theirs as interfaces have them. PostgreSQL ends `::a00:5` with an IPv4
 * address, and `::ffff:0:10.0.0.5` without one.
 */
export function unifyAddresses<Row extends { readonly address: string }>(rows: readonly Row[]): Row[] {
  return rows.map((row) => ({ ...row, address: normalizeAddress(row.address) ?? row.address }));
}
