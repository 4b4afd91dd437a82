import type { GuestInterface } from "../../vm-types.js";
import type { Difference, Staleness } from "./difference.js";

/** Describes a difference in one line, for people. */
export function describeDifference(difference: Difference): string {
  switch (difference.kind) {
    case "VM_APPEARED":
      return `the VM ${difference.after.name} appeared`;
    case "VM_FORGOTTEN":
      return `the VM ${difference.before.name} is not stored any more`;
    case "VM_RENAMED":
      return `the VM ${difference.before} is called ${difference.after}`;
    case "VM_STATUS_CHANGED":
      return "the VM's status changed";
    case "VM_MOVED":
      return difference.after === null ? "the VM runs on no host any more" : "the VM runs on another host";
    case "GUEST_RENAMED":
      return difference.after === null
        ? "the guest tells no host name any more"
        : `the guest's host name is ${difference.after}`;
    case "STALENESS_CHANGED":
      return describeStaleness(difference.before, difference.after);
    case "DEVICE_APPEARED":
      return `${nameDevice(difference.device)} appeared`;
    case "DEVICE_DISAPPEARED":
      return `${nameDevice(difference.device)} disappeared`;
    case "DEVICE_RENAMED":
      return `${nameDevice(difference.before)} is called ${nameDevice(difference.after)}`;
    case "DEVICE_CHANGED":
      return `${nameDevice(difference.after)} changed, or tells its addresses in another order`;
    case "DEVICES_REORDERED":
      return "the guest tells its interfaces in another order";
    case "ADDRESS_ADDED":
      return `${nameHolder(difference)} has ${difference.address}`;
    case "ADDRESS_REMOVED":
      return `${nameHolder(difference)} has ${difference.address} no more`;
    case "ADDRESS_LIST_CHANGED":
      return `the guest's addresses are ${difference.after ?? "not known"}`;
    case "NIC_APPEARED":
      return `vNIC ${difference.nic.name} appeared`;
    case "NIC_DISAPPEARED":
      return `vNIC ${difference.nic.name} disappeared`;
    case "NIC_CHANGED":
      return `vNIC ${difference.after.name} changed`;
    case "NICS_TOLD":
      return difference.after ? "the host told the VM's vNICs" : "the VM's vNICs are not known any more";
  }
}

function describeStaleness(before: Staleness, after: Staleness): string {
  if (after.isMissing !== before.isMissing) {
    return after.isMissing ? "the host does not report the VM" : "the host reports the VM again";
  }
  const wasSilent = isSilent(before);
  if (isSilent(after) !== wasSilent) {
    return wasSilent ? "the guest's agent came back" : "the guest's agent fell silent";
  }
  if (after.staleDetail !== null) return `not all of the report can be read: ${after.staleDetail}`;
  return "the guest's report is of another kind";
}

function isSilent({ silence }: Staleness): boolean {
  return silence === "silent" || silence === "absent";
}

function nameDevice({ name, macAddress }: GuestInterface): string {
  return name ?? `the interface ${macAddress ?? "without a name"}`;
}

function nameHolder({
  before,
  after,
}: {
  before: GuestInterface | null;
  after: GuestInterface | null;
}): string {
  const device = after ?? before;
  return device === null ? "the guest" : nameDevice(device);
}
