import { formatInterfaceKey } from "../write/interface-identity.js";
import type { GuestInterface, GuestSilence, Nic, StoredVm } from "../types.js";

/** What a reader sees of one VM at one time, as far as it is stored: time and the state of its host are left out. */
export interface VmVersion {
  readonly id: string;
  readonly name: string;
  readonly status: number;
  /** The host whose reports count; `null`: none, the VM is down. */
  readonly hostId: string | null;
  /** `vm_dynamic.vm_ip`: addresses joined by blanks, or `null`. */
  readonly ips: string | null;
  readonly fqdn: string | null;
  readonly silence: GuestSilence | null;
  /** What of the last report could not be read, in words; `null`: all of it could. */
  readonly staleDetail: string | null;
  /** `true`: the host's last pass did not find the VM. */
  readonly isMissing: boolean;
  /** In the order in which readers get them. */
  readonly interfaces: readonly GuestInterface[];
  /** In the order in which readers get them; `null`: no host has told them yet. */
  readonly nics: readonly VersionNic[] | null;
}

/** A vNIC as passes know it: a host lists only devices that are plugged in. */
export type VersionNic = Omit<Nic, "plugged" | "vmId">;

/** A change of a VM that a reader sees; `before` is `null` for a VM that is new. */
export interface VmChangeEntry {
  /** The host whose pass found it. */
  readonly hostId: string;
  readonly before: VmVersion | null;
  readonly after: VmVersion;
}

/** What a reader sees of a stored VM. */
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

/** `true` if a host has told the VM's vNICs. Without a stored hash, vNICs of an earlier answer are the only witness. */
export function areNicsKnown({ inventoryHash, nics }: Pick<StoredVm, "inventoryHash" | "nics">): boolean {
  return inventoryHash !== null || nics.length > 0;
}

function toVersionNic({ id, name, macAddress, network, linked }: Nic): VersionNic {
  return { id, name, macAddress, network, linked };
}

/** `true` if two interfaces are equal in all that a reader sees, the order of addresses included. */
export function isSameInterface(left: GuestInterface, right: GuestInterface): boolean {
  return left === right || formatInterfaceKey(left) === formatInterfaceKey(right);
}

/** `true` if two vNICs are equal in all that a reader sees. */
export function isSameNic(left: VersionNic, right: VersionNic): boolean {
  return (
    left.id === right.id &&
    left.name === right.name &&
    left.macAddress === right.macAddress &&
    left.network === right.network &&
    left.linked === right.linked
  );
}

/** By name in the order of code points, then by id, as they are read. */
export function compareNics(left: VersionNic, right: VersionNic): number {
  if (left.name !== right.name) return Buffer.compare(Buffer.from(left.name), Buffer.from(right.name));
  return left.id < right.id ? -1 : 1;
}
