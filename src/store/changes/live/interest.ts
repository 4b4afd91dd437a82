import { isInCidr, parseAddress } from "../../../model/address/cidr.js";
import { isInScope, matchesPattern } from "../../read/conditions/scope-match.js";
import type { VmScope } from "../../types.js";
import { listDifferences } from "../differences/differences.js";
import type { VmVersion } from "../versions/version-types.js";
import type { GuestInterest } from "./guest-event.js";

/** Both sides of a change, as somebody sees them. */
export interface ChangeSides {
  readonly before: VmVersion | null;
  readonly after: VmVersion | null;
}

/**
 * Finds what a change looks like to somebody who may see a scope and wants to hear of some VMs; `null`: like nothing. A VM
 * outside of the scope is as one that is not stored. A VM that was wanted before the change or is wanted after it counts.
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

/** `true` if a VM is one of those that are wanted. */
export function isVmWanted(vm: VmVersion, interest: GuestInterest): boolean {
  const { vmIds, namePattern, hostId, network, within } = interest;
  return (
    (vmIds === null || vmIds.includes(vm.id)) &&
    (namePattern === null || matchesPattern(namePattern, vm.name)) &&
    (hostId === null || vm.hostId === hostId) &&
    (network === null || (vm.nics ?? []).some((nic) => nic.network === network)) &&
    (within === null || (vm.ips ?? "").split(" ").some((address) => isAddressWithin(address, within)))
  );
}

function isAddressWithin(address: string, within: NonNullable<GuestInterest["within"]>): boolean {
  const number = parseAddress(address);
  return number !== null && isInCidr(number, within);
}
