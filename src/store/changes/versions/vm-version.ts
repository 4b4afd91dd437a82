import { compareByBytes } from "../../../model/compare-by-name.js";
import { INTERFACE_FIELDS } from "../../read/interface-columns.js";
import type { GuestInterface, Nic, StoredVm } from "../../vm-types.js";
import type { VersionNic, VmVersion } from "./version-types.js";

export type { VersionNic, VmVersion } from "./version-types.js";

/** A change of a VM that a reader sees; `before` is `null` for a VM that is new. */
export interface VmChangeEntry {
  /** The host whose pass found it. */
  readonly hostId: string;
  readonly before: VmVersion | null;
  readonly after: VmVersion;
}

/** Returns what a reader sees of a stored VM. */
export function toVersion(vm: StoredVm): VmVersion {
  const { id, name, status, ownerId, ips, fqdn, silence, staleDetail, missedPasses, interfaces } = vm;
  return {
    id,
    name,
    status,
    hostId: ownerId,
    ips,
    fqdn,
    silence,
    staleDetail,
    isMissing: missedPasses > 0,
    interfaces,
    nics: areNicsKnown(vm) ? vm.nics.map(toVersionNic).sort(compareNics) : null,
  };
}

/** Returns `true` if a host has reported the VM's vNICs: the hash of its inventory is stored, or vNICs are. */
export function areNicsKnown({ inventoryHash, nics }: Pick<StoredVm, "inventoryHash" | "nics">): boolean {
  return inventoryHash !== null || nics.length > 0;
}

/**
 * Returns `true` while the guest reports. Then no time of its last report is stored: it is the last success of its host.
 */
export function isHeard({
  hostId,
  isMissing,
  silence,
}: Pick<VmVersion, "hostId" | "isMissing" | "silence">): boolean {
  return (
    hostId !== null && !isMissing && (silence === null || silence === "ips-only" || silence === "partial")
  );
}

/** Returns `true` if what is known of the guest is stale for a reason of the VM, whatever its host does. */
export function isStale(vm: Pick<VmVersion, "hostId" | "isMissing" | "silence">): boolean {
  return vm.hostId !== null && (!isHeard(vm) || vm.silence === "partial");
}

function toVersionNic({ id, name, macAddress, network, linked }: Nic): VersionNic {
  return { id, name, macAddress, network, linked };
}

/** Returns `true` if two interfaces are equal in all that a reader sees, the order of addresses included. */
export function isSameInterface(left: GuestInterface, right: GuestInterface): boolean {
  return left === right || INTERFACE_FIELDS.every((field) => isSameValue(left[field], right[field]));
}

function isSameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (!Array.isArray(left) || !Array.isArray(right)) return false;
  return left.length === right.length && left.every((each, at) => each === right[at]);
}

/** Returns `true` if two vNICs are equal in all that a reader sees. */
export function isSameNic(left: VersionNic, right: VersionNic): boolean {
  return (
    left.id === right.id &&
    left.name === right.name &&
    left.macAddress === right.macAddress &&
    left.network === right.network &&
    left.linked === right.linked
  );
}

/** Compares vNICs by name in the order of code points, then by id, as they are read. */
export function compareNics(left: VersionNic, right: VersionNic): number {
  if (left.name !== right.name) return compareByBytes(left.name, right.name);
  return left.id < right.id ? -1 : 1;
}
