import type { GuestInterface, Nic } from "../rows.js";
import { isGlobalAddress } from "../../model/address/ip.js";
import { groupByMac, isSameMac } from "../../model/address/mac.js";
import { memoizeByObject } from "../../model/memoize-by-object.js";

/** Finds the guest's interfaces with the vNIC's MAC, best first; `null` if the guest's interfaces are not known. */
export function findInterfacesOfNic(
  nic: Nic,
  interfaces: readonly GuestInterface[] | null,
): readonly GuestInterface[] | null {
  if (interfaces === null) return null;
  return sortBestFirst(groupInterfaces(interfaces).find(nic.macAddress));
}

/** Finds the first interface of {@link findInterfacesOfNic}; `null` if there is none, or the interfaces are not known. */
export function findBestInterfaceOfNic(
  nic: Nic,
  interfaces: readonly GuestInterface[] | null,
): GuestInterface | null {
  if (interfaces === null) return null;
  let best: GuestInterface | null = null;
  let bestRank: number | null = null;
  const few = interfaces.length <= FEW ? interfaces : groupInterfaces(interfaces).find(nic.macAddress);
  for (const guestInterface of few) {
    if (!isSameMac(guestInterface.macAddress, nic.macAddress)) continue;
    if (best === null) {
      best = guestInterface;
      continue;
    }
    // Nearly always there is only one interface, which needs no rank.
    bestRank ??= rankInterface(best);
    const rank = rankInterface(guestInterface);
    if (rank <= bestRank) continue;
    best = guestInterface;
    bestRank = rank;
  }
  return best;
}

/** Up to this number of interfaces, a plain search is faster than grouping. */
const FEW = 16;

/**
 * Sorts interfaces: first those with an address that reaches beyond its link, then those with any address, then the rest.
 * Otherwise keeps the reported order.
 */
export function sortBestFirst(interfaces: readonly GuestInterface[]): readonly GuestInterface[] {
  return interfaces.toSorted((left, right) => rankInterface(right) - rankInterface(left));
}

/** Finds the vNIC of the VM that has the interface's MAC; `null` for a guest's own bridges and tunnels. */
export function findNicOfInterface(guestInterface: GuestInterface, nics: readonly Nic[]): Nic | null {
  return groupNics(nics).find(guestInterface.macAddress)[0] ?? null;
}

/** Groups each list once, because the loaders return the same list to all callers. */
const groupInterfaces = memoizeByObject((interfaces: readonly GuestInterface[]) => groupByMac(interfaces));
const groupNics = memoizeByObject((nics: readonly Nic[]) => groupByMac(nics));

/**
 * Ranks an interface by its addresses. Bonds, VLANs and bridges share a MAC with a plain interface, and people mean the one
 * with addresses.
 */
function rankInterface(guestInterface: GuestInterface): number {
  const addresses = [...guestInterface.ipv4Addresses, ...guestInterface.ipv6Addresses];
  if (addresses.some(isGlobalAddress)) return 2;
  return addresses.length > 0 ? 1 : 0;
}
