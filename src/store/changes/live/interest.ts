import { isInCidr, parseAddress } from "../../../model/address/cidr.js";
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
  { before, after }: ChangeSides,
  interest: GuestInterest,
  scope: VmScope | null,
): ChangeSides | null {
  const seen = {
    before: before !== null && isInScope(scope, before) ? before : null,
    after: after !== null && isInScope(scope, after) ? after : null,
  };
  const isWanted = [seen.before, seen.after].some((vm) => vm !== null && isVmWanted(vm, interest));
  if (!isWanted) return null;
  const { kinds } = interest;
  if (kinds === null) return seen;
  return listDifferences(seen.before, seen.after).some(({ kind }) => kinds.includes(kind)) ? seen : null;
}

/** Returns `true` if a VM matches the interest, whatever kinds of changes it names. */
export function isVmWanted(vm: VmVersion, interest: GuestInterest): boolean {
  const { vmIds, namePattern, hostId, network, within } = interest;
  return (
    (vmIds === null || vmIds.includes(vm.id)) &&
    (namePattern === null || matchesPattern(namePattern, vm.name)) &&
    (hostId === null || vm.hostId === hostId) &&
    (network === null || (vm.nics ?? []).some((nic) => isSameName(nic.network, network))) &&
    (within === null || (vm.ips ?? "").split(" ").some((address) => isAddressWithin(address, within)))
  );
}

/** Compares names as filters do, which find them in any case, and with either of the lower cases of the Greek sigma. */
function isSameName(name: string | null, wanted: string): boolean {
  return name !== null && foldCase(name) === foldCase(wanted);
}

function foldCase(name: string): string {
  return name.toLowerCase().replaceAll("\u03C2", "\u03C3");
}

function isAddressWithin(address: string, within: NonNullable<GuestInterest["within"]>): boolean {
  const number = parseAddress(address);
  return number !== null && isInCidr(number, within);
}
