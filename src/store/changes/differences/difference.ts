import type { GuestInterface, GuestSilence } from "../../vm-types.js";
import type { VersionNic, VmVersion } from "../versions/version-types.js";

/** One typed difference between two versions of a VM. */
export type Difference =
  | { readonly kind: "VM_APPEARED"; readonly after: VmVersion }
  | { readonly kind: "VM_FORGOTTEN"; readonly before: VmVersion }
  | { readonly kind: "VM_RENAMED"; readonly before: string; readonly after: string }
  | { readonly kind: "VM_STATUS_CHANGED"; readonly before: number; readonly after: number }
  /** Another host owns the VM, or none. */
  | { readonly kind: "VM_MOVED"; readonly before: string | null; readonly after: string | null }
  | { readonly kind: "GUEST_RENAMED"; readonly before: string | null; readonly after: string | null }
  /** The reason why the guest's data are stale is another one, or they are current again. */
  | { readonly kind: "STALENESS_CHANGED"; readonly before: Staleness; readonly after: Staleness }
  | DeviceDifference
  /** The list of all addresses changed in a way that does not follow from the interfaces, such as an old agent's. */
  | { readonly kind: "ADDRESS_LIST_CHANGED"; readonly before: string | null; readonly after: string | null }
  | NicDifference;

/** A difference of the guest's interfaces and addresses. */
export type DeviceDifference =
  /** `index`: its index in the list after the change. */
  | { readonly kind: "DEVICE_APPEARED"; readonly device: GuestInterface; readonly index: number }
  | { readonly kind: "DEVICE_DISAPPEARED"; readonly device: GuestInterface }
  /** The same MAC under another name. */
  | { readonly kind: "DEVICE_RENAMED"; readonly before: GuestInterface; readonly after: GuestInterface }
  /** The order of its addresses, or a value that no other kind is about. */
  | { readonly kind: "DEVICE_CHANGED"; readonly before: GuestInterface; readonly after: GuestInterface }
  /** The remaining interfaces are reported in another order. `after` lists all interfaces after the change. */
  | { readonly kind: "DEVICES_REORDERED"; readonly after: readonly GuestInterface[] }
  | ({ readonly kind: "ADDRESS_ADDED" } & AddressOfDevice)
  | ({ readonly kind: "ADDRESS_REMOVED" } & AddressOfDevice);

/**
 * An address that an interface got or lost, with the interface before and after the change. Both are `null` for an address
 * that an old agent reports without interfaces.
 */
export interface AddressOfDevice {
  readonly address: string;
  readonly before: GuestInterface | null;
  readonly after: GuestInterface | null;
}

/** A difference of the VM's vNICs. */
export type NicDifference =
  | { readonly kind: "NIC_APPEARED"; readonly nic: VersionNic }
  | { readonly kind: "NIC_DISAPPEARED"; readonly nic: VersionNic }
  | { readonly kind: "NIC_CHANGED"; readonly before: VersionNic; readonly after: VersionNic }
  /** `after: true`: a host has reported the vNICs for the first time. `false`: they are not known any more. */
  | { readonly kind: "NICS_TOLD"; readonly after: boolean };

/** The name of a kind of difference. */
export type DifferenceKind = Difference["kind"];

/** The stored reasons why a guest's data are stale. */
export interface Staleness {
  readonly silence: GuestSilence | null;
  readonly isMissing: boolean;
  readonly staleDetail: string | null;
}
