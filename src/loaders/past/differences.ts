import { describeDifference } from "../../store/changes/differences/describe-difference.js";
import type { Difference, DifferenceKind } from "../../store/changes/differences/difference.js";
import { listDifferences } from "../../store/changes/differences/differences.js";
import type { Loaders } from "../loaders.js";
import type { GuestInterface, HostRow, Nic, OfPast, VmVersion } from "../rows.js";

export type { Difference, DifferenceKind } from "../../store/changes/differences/difference.js";

/** One difference, with the versions of the VM before and after it. */
export interface ShownDifference {
  readonly kind: DifferenceKind;
  /** What changed, in one line for people. */
  readonly summary: string;
  readonly difference: Difference;
  readonly before: VmVersion | null;
  readonly after: VmVersion | null;
}

/** Lists the differences between a VM before a change and after it. */
export function showDifferences(before: VmVersion | null, after: VmVersion | null): ShownDifference[] {
  return listDifferences(before, after).map((difference) => ({
    kind: difference.kind,
    summary: describeDifference(difference),
    difference,
    before,
    after,
  }));
}

/** A value before and after a difference; `null`: it did not exist, or the difference is about something else. */
export type Sides<Value> = readonly [before: Value | null, after: Value | null];

/** Finds the names that a VM or a guest had. */
export function findNames({ difference }: ShownDifference): Sides<string> {
  const isName = difference.kind === "VM_RENAMED" || difference.kind === "GUEST_RENAMED";
  return isName ? [difference.before, difference.after] : NONE;
}

/** Finds the states of the VM, as numbers. */
export function findStatuses({ difference }: ShownDifference): Sides<number> {
  return difference.kind === "VM_STATUS_CHANGED" ? [difference.before, difference.after] : NONE;
}

/** Finds the ids of the hosts that had the VM. */
export function findHostIds({ difference }: ShownDifference): Sides<string> {
  return difference.kind === "VM_MOVED" ? [difference.before, difference.after] : NONE;
}

/** Finds the lists of all addresses. */
export function findAddressLists({ difference }: ShownDifference): Sides<readonly string[]> {
  if (difference.kind !== "ADDRESS_LIST_CHANGED") return NONE;
  return [difference.before?.split(" ") ?? null, difference.after?.split(" ") ?? null];
}

/** Finds the guest interface that changed, as a row of its version. */
export function findDevices({ difference, before, after }: ShownDifference): Sides<GuestInterface> {
  switch (difference.kind) {
    case "DEVICE_APPEARED":
      return [null, keepVersion(difference.device, after)];
    case "DEVICE_DISAPPEARED":
      return [keepVersion(difference.device, before), null];
    case "DEVICE_RENAMED":
    case "DEVICE_CHANGED":
    case "ADDRESS_ADDED":
    case "ADDRESS_REMOVED":
      return [keepVersion(difference.before, before), keepVersion(difference.after, after)];
    default:
      return NONE;
  }
}

/** Finds the vNIC that changed, as a row of its version. */
export function findNics({ difference, before, after }: ShownDifference): Sides<Nic> {
  const toNic = (nic: NonNullable<VmVersion["nics"]>[number], version: VmVersion | null): Nic | null =>
    version && { ...nic, vmId: version.id, plugged: true, past: version };
  switch (difference.kind) {
    case "NIC_APPEARED":
      return [null, toNic(difference.nic, after)];
    case "NIC_DISAPPEARED":
      return [toNic(difference.nic, before), null];
    case "NIC_CHANGED":
      return [toNic(difference.before, before), toNic(difference.after, after)];
    default:
      return NONE;
  }
}

/** Loads a host of a difference as it is now. */
export function loadHost(loaders: Loaders, hostId: string | null): Promise<HostRow | null> | null {
  return hostId === null ? null : loaders.hostById.load(hostId);
}

function keepVersion<Row>(row: Row | null, version: VmVersion | null): (Row & OfPast) | null {
  return row && version && { ...row, past: version };
}

const NONE = [null, null] as const;
