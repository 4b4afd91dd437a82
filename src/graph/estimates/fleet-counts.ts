/** The number of lists of each length, the longest first. */
export type Distribution = readonly { readonly length: number; readonly lists: number }[];

/** The sizes of the lists in the database, as counted a moment ago. */
export interface FleetCounts {
  readonly hosts: number;
  readonly vms: number;
  readonly vmsPerHost: Distribution;
  readonly nicsPerVm: Distribution;
  readonly nicsPerMac: Distribution;
  readonly interfacesPerVm: Distribution;
  /** Addresses of all interfaces of a VM, by family. */
  readonly ipv4PerVm: Distribution;
  readonly ipv6PerVm: Distribution;
  /** Addresses in the VM's own list. */
  readonly ipsPerVm: Distribution;
}

/** Sums the `count` longest lists. No `count` different lists hold more together. */
export function sumLongest(distribution: Distribution, count: number): number {
  let sum = 0;
  let left = count;
  for (const { length, lists } of distribution) {
    const taken = Math.min(left, lists);
    sum += taken * length;
    left -= taken;
    if (left <= 0) break;
  }
  return sum;
}

/** Finds the longest list. */
export function findLongest(distribution: Distribution): number {
  return distribution[0]?.length ?? 0;
}
