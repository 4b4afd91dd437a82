import type { HostReport, RejectedVm, ReportedVm } from "../../vdsm/records/types.js";
import type { StoredVm } from "../../store/types.js";
import { VM_STATUS } from "../../model/guest/vm-status.js";
import { decideOwnership, type Decision, type Sighting } from "./ownership.js";
import { toVmStatus } from "./status.js";
import { toStorableText } from "./text.js";

/** The VMs that a host reports, each with what is stored of it. */
export interface PassInput {
  readonly hostId: string;
  readonly stored: readonly StoredVm[];
  readonly report: HostReport;
}

/** The VMs of one pass; who owns each is decided here, once. */
export interface Sightings {
  readonly hostId: string;
  readonly vms: readonly SightedVm[];
  /** `true` if the host's report held a VM that cannot be read. */
  readonly hasRejected: boolean;
}

/** One VM as this pass sees it; `null` for what is not stored, or not reported. */
export interface SightedVm {
  readonly vmId: string;
  readonly stored: StoredVm | null;
  readonly reported: ReportedVm | null;
  readonly decision: Decision;
}

/** Matches a report with what is stored, and decides for each VM whether the host's report counts. */
export function sightVms({ hostId, stored, report }: PassInput): Sightings {
  const storedById = new Map(stored.map((vm) => [vm.id, vm]));
  const reportedById = new Map(report.vms.map((vm) => [vm.vmId, vm]));
  const rejectedIds = new Set(report.rejected.map(({ vmId }: RejectedVm) => vmId));
  // A record without a readable id may be that of any VM which seems to be absent.
  const isAnyRejected = rejectedIds.has(null);
  const vmIds = new Set([...reportedById.keys(), ...storedById.keys()]);
  const vms = [...vmIds].map((vmId) => {
    const vm = storedById.get(vmId) ?? null;
    const reported = reportedById.get(vmId) ?? null;
    const sighting = createSighting(reported, isAnyRejected || rejectedIds.has(vmId), vm, hostId);
    return { vmId, stored: vm, reported, decision: decideOwnership(vm, hostId, sighting) };
  });
  return { hostId, vms, hasRejected: report.rejected.length > 0 };
}

/** Finds the owned VMs whose devices have changed since their vNICs were last asked for. */
export function findVmsToAskNicsOf({ vms }: Sightings): string[] {
  return vms
    .filter(({ stored, reported, decision }) => {
      if (reported === null || decision.verdict !== "own") return false;
      return stored === null || stored.inventoryHash !== readInventoryHash(reported);
    })
    .map(({ vmId }) => vmId);
}

/**
 * Reads the VM's hash of devices as it is stored. A VM without one gets `''`, so that it is asked for once, not at
 * every pass.
 */
export function readInventoryHash(reported: ReportedVm): string {
  return toStorableText(reported.hash ?? "");
}

function createSighting(
  reported: ReportedVm | null,
  isRejected: boolean,
  stored: StoredVm | null,
  hostId: string,
): Sighting {
  if (reported === null) return { kind: isRejected ? "rejected" : "absent" };
  // An unreadable state counts as the stored one if the host's report counts; else as that of a running VM.
  const status =
    reported.status !== null
      ? toVmStatus(reported.status)
      : stored?.ownerId === hostId
        ? stored.status
        : VM_STATUS.UNKNOWN;
  return { kind: "reported", status, exitReason: reported.exitReason };
}
