import { joinAddresses } from "../../../src/store/changes/versions/vm-delta.js";
import {
  compareNics,
  type VersionNic,
  type VmVersion,
} from "../../../src/store/changes/versions/vm-version.js";
import type { AddressOfDevice, Difference } from "../../../src/store/changes/differences/difference.js";
import type { GuestInterface } from "../../../src/store/types.js";

/** Creates the version after a change, from the version before and the differences alone. */
export function applyDifferences(
  before: VmVersion | null,
  differences: readonly Difference[],
): VmVersion | null {
  let version = before;
  for (const difference of differences) {
    if (difference.kind === "VM_APPEARED") version = difference.after;
    if (difference.kind === "VM_FORGOTTEN") version = null;
  }
  if (version === null || before === null) return version;
  const values: { -readonly [Key in keyof VmVersion]?: VmVersion[Key] } = {};
  for (const difference of differences) {
    if (difference.kind === "VM_RENAMED") values.name = difference.after;
    if (difference.kind === "VM_STATUS_CHANGED") values.status = difference.after;
    if (difference.kind === "VM_MOVED") values.hostId = difference.after;
    if (difference.kind === "GUEST_RENAMED") values.fqdn = difference.after;
    if (difference.kind === "STALENESS_CHANGED") Object.assign(values, difference.after);
  }
  const interfaces = changeDevices(before.interfaces, differences);
  const isDerived = joinAddresses(before.interfaces) === before.ips;
  const list = differences.find((each) => each.kind === "ADDRESS_LIST_CHANGED");
  const kept = isDerived && list === undefined ? joinAddresses(interfaces) : before.ips;
  const ips = list === undefined ? kept : list.after;
  return { ...version, ...values, interfaces, ips, nics: changeNics(before.nics, differences) };
}

function changeDevices(
  before: readonly GuestInterface[],
  differences: readonly Difference[],
): readonly GuestInterface[] {
  const reordered = differences.find((each) => each.kind === "DEVICES_REORDERED");
  if (reordered !== undefined) return reordered.after;
  const gone = new Set(
    differences.flatMap((each) => (each.kind === "DEVICE_DISAPPEARED" ? [each.device] : [])),
  );
  const devices = before
    .filter((device) => !gone.has(device))
    .map((device) => changeDevice(device, differences));
  for (const each of differences) {
    if (each.kind === "DEVICE_APPEARED") devices.splice(each.index, 0, each.device);
  }
  return devices;
}

function changeDevice(device: GuestInterface, differences: readonly Difference[]): GuestInterface {
  const ofDevice = differences.filter((each) => "before" in each && each.before === device);
  const changed = ofDevice.find((each) => each.kind === "DEVICE_CHANGED");
  if (changed !== undefined) return changed.after;
  const renamed = ofDevice.find((each) => each.kind === "DEVICE_RENAMED");
  const removed = new Set(ofDevice.filter((each) => each.kind === "ADDRESS_REMOVED").map(getAddress));
  const added = ofDevice.filter((each) => each.kind === "ADDRESS_ADDED").map(getAddress);
  const change = (addresses: readonly string[], isIPv6: boolean) => [
    ...addresses.filter((address) => !removed.has(address)),
    ...added.filter((address) => address.includes(":") === isIPv6),
  ];
  return {
    ...device,
    name: renamed === undefined ? device.name : renamed.after.name,
    ipv4Addresses: change(device.ipv4Addresses, false),
    ipv6Addresses: change(device.ipv6Addresses, true),
  };
}

function changeNics(before: VmVersion["nics"], differences: readonly Difference[]): VmVersion["nics"] {
  const nics = new Map<string, VersionNic>((before ?? []).map((nic) => [nic.id, nic]));
  let isKnown = before !== null;
  for (const difference of differences) {
    if (difference.kind === "NICS_TOLD") isKnown = difference.after;
    if (difference.kind === "NIC_APPEARED") nics.set(difference.nic.id, difference.nic);
    if (difference.kind === "NIC_CHANGED") nics.set(difference.after.id, difference.after);
    if (difference.kind === "NIC_DISAPPEARED") nics.delete(difference.nic.id);
  }
  return isKnown ? [...nics.values()].sort(compareNics) : null;
}

function getAddress({ address }: AddressOfDevice): string {
  return address;
}
