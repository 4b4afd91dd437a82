import type { GuestInterface, GuestSilence } from "../../vm-types.js";
import type { VersionNic, VmVersion } from "../versions/version-types.js";

/** One thing in which two versions of a VM differ, in the field's words. */
export type Difference =
  | { readonly kind: "VM_APPEARED"; readonly after: VmVersion }
  | { readonly kind: "VM_FORGOTTEN"; readonly before: VmVersion }
  | { readonly kind: "VM_RENAMED"; readonly before: string; readonly after: string }
  | { readonly kind: "VM_STATUS_CHANGED"; readonly before: number; readonly after: number }
  /** Another host owns the VM, or none. */
  | { readonly kind: "VM_MOVED"; readonly before: string | null; readonly after: string | null }
  | { readonly kind: "GUEST_RENAMED"; readonly before: string | null; readonly after: string | null }
  /** Why the guest's data are not current, or that they are again. */
  | { readonly kind: "STALENESS_CHANGED"; readonly before: Staleness; readonly after: Staleness }
  | DeviceDifference
  /** The list of all addresses differs from what the interfaces tell, such as that of an old agent. */
  | { readonly kind: "ADDRESS_LIST_CHANGED"; readonly before: string | null; readonly after: string | null }
  | NicDifference;

/** A difference of the guest's interfaces and addresses. */
export type DeviceDifference =
  /** `place`: its place in the list after the change. */
  | { readonly kind: "DEVICE_APPEARED"; readonly device: GuestInterface; readonly place: number }
  | { readonly kind: "DEVICE_DISAPPEARED"; readonly device: GuestInterface }
  /** The same MAC under another name. */
  | { readonly kind: "DEVICE_RENAMED"; readonly before: GuestInterface; readonly after: GuestInterface }
  /** The order of its addresses, or a value that no other kind is about. */
  | { readonly kind: "DEVICE_CHANGED"; readonly before: GuestInterface; readonly after: GuestInterface }
  /** The interfaces that stayed are reported in another order: all of them after the change. */
  | { readonly kind: "DEVICES_REORDERED"; readonly after: readonly GuestInterface[] }
  | ({ readonly kind: "ADDRESS_ADDED" } & AddressOfDevice)
  | ({ readonly kind: "ADDRESS_REMOVED" } & AddressOfDevice);

/** An address, and the interface that gets or loses it, on both sides. An old agent reports addresses without interfaces. */
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
  /** A host has told the vNICs for the first time, or what it told is not known any more. */
  | { readonly kind: "NICS_TOLD"; readonly after: boolean };

/** The name of a kind of difference. */
export type DifferenceKind = Difference["kind"];

/** What makes the data of a guest stale, as far as it is stored. */
export interface Staleness {
  readonly silence: GuestSilence | null;
  readonly isMissing: boolean;
  readonly staleDetail: string | null;
}
