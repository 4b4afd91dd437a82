import { listEquivalentCidrs, parseAddress, type Cidr, type IpFamily } from "../../../model/address/cidr.js";
import { memoizeByObject } from "../../../model/memoize-by-object.js";
import { isInScope, matchesPattern } from "../../read/conditions/scope-match.js";
import type { VmScope } from "../../types.js";
import { listDifferences } from "../differences/differences.js";
import type { VmVersion } from "../versions/version-types.js";
import type { GuestInterest } from "./guest-event.js";

/** A VM before and after a change, as one viewer sees it; `null`: the viewer sees no such VM. */
export interface ChangeSides {
  readonly before: VmVersion | null;
  readonly after: VmVersion | null;
}

/**
 * Finds what a subscriber sees of a change; `null`: nothing. A VM outside of the scope counts as not stored. The VM must
 * match the interest before the change or after it, or both.
 */
export function viewChange(
  sides: ChangeSides,
  interest: GuestInterest,
  scope: VmScope | null,
): ChangeSides | null {
  const { before, after } = sides;
  const seen = {
    before: before !== null && isInScope(scope, before) ? before : null,
    after: after !== null && isInScope(scope, after) ? after : null,
  };
  const isWanted = [seen.before, seen.after].some((vm) => vm !== null && isVmWanted(vm, interest));
  if (!isWanted) return null;
  const { kinds } = interest;
  if (kinds === null) return seen;
  // Most subscribers see both sides, and what differs between these is found once for all.
  const isWhole = seen.before === before && seen.after === after;
  const found = isWhole ? findKinds(sides) : listKinds(seen);
  return kinds.some((kind) => found.has(kind)) ? seen : null;
}

function listKinds({ before, after }: ChangeSides): ReadonlySet<string> {
  return new Set(listDifferences(before, after).map(({ kind }) => kind));
}

const findKinds = memoizeByObject(listKinds);

/** Returns `true` if a VM matches the interest, whatever kinds of changes it names. */
export function isVmWanted(vm: VmVersion, interest: GuestInterest): boolean {
  const { vmIds, namePattern, hostId, network, within } = interest;
  return (
    (vmIds === null || vmIds.includes(vm.id)) &&
    (namePattern === null || matchesPattern(namePattern, vm.name)) &&
    (hostId === null || vm.hostId === hostId) &&
    (network === null || (vm.nics ?? []).some((nic) => isSameName(nic.network, network))) &&
    (within === null || hasAddressWithin(vm, within))
  );
}

/** Compares names as filters do, which find them in any case, and with either of the lower cases of the Greek sigma. */
function isSameName(name: string | null, wanted: string): boolean {
  return name !== null && foldCase(name) === foldCase(wanted);
}

function foldCase(name: string): string {
  return name.toLowerCase().replaceAll("\u03C2", "\u03C3");
}

/** Returns `true` if one of the VM's addresses is in the prefix. Thousands of subscribers may ask, each by another prefix. */
function hasAddressWithin(vm: VmVersion, within: Cidr): boolean {
  const numbers = sortAddresses(vm);
  return listEquivalentCidrs(within).some(({ family, first, last }) => {
    const found = findAtLeast(numbers[family], first);
    return found !== undefined && found <= last;
  });
}

/** Lists a VM's addresses as numbers, by family, in their order. */
const sortAddresses = memoizeByObject(({ ips }: VmVersion) => {
  const numbers: Record<IpFamily, bigint[]> = { 4: [], 6: [] };
  for (const text of (ips ?? "").split(" ")) {
    const address = parseAddress(text);
    if (address !== null) numbers[address.family].push(address.value);
  }
  for (const ofFamily of [numbers[4], numbers[6]])
    ofFamily.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  return numbers;
});

/** Finds the least number that is not below `first`. */
function findAtLeast(sorted: readonly bigint[], first: bigint): bigint | undefined {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? first) < first) from = middle + 1;
    else to = middle;
  }
  return sorted[from];
}
