import { listEquivalentCidrs, mayHaveFamily, type Cidr, type IpFamily } from "../model/address/cidr.js";
import type { VmSearch } from "./rows.js";

/**
 * Searches VMs with an address in a prefix (`null`: in any) that is of a family (`null`: of either), which the prefix has to have. Only a
 * prefix in IPv6 that is shorter than that of mapped addresses has both these and others.
 */
export function searchPrefix(cidr: Cidr | null, family: IpFamily | null): VmSearch {
  if (cidr === null)
    return family === null ? { kind: "hasAddress" } : searchPrefix(EVERY_ADDRESS[family], family);
  const ofIPv4 = listEquivalentCidrs(cidr).find((each) => each.family === 4);
  if (ofIPv4 !== undefined) return { kind: "inCidr", cidr: ofIPv4 };
  if (family === null || !mayHaveFamily(cidr, 4)) return { kind: "inCidr", cidr };
  return { kind: "inCidr", cidr, mapped: family === 4 ? "only" : "except" };
}

const EVERY_ADDRESS = {
  4: { family: 4, first: 0n, last: (1n << 32n) - 1n, prefix: 0 },
  6: { family: 6, first: 0n, last: (1n << 128n) - 1n, prefix: 0 },
} as const satisfies Record<IpFamily, Cidr>;
