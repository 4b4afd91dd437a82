import type { HostReport, RejectedVm, ReportedVm } from "../../vdsm/records/types.js";
import type { StoredVm } from "../../store/types.js";
import { VM_STATUS } from "../../model/guest/vm-status.js";
import { decideOwnership, type Decision, type Sighting } from "./ownership.js";
import { isPostCopySource, toVmStatus } from "./status.js";
import { toStorableText } from "./text.js";

/** A host's report, and what is stored of its VMs. */
export interface PassInput {
  readonly hostId: string;
  readonly stored: readonly StoredVm[];
  readonly report: HostReport;
}

/** The VMs of one pass, each with the decision who owns it. */
export interface Sightings {
  readonly hostId: string;
  readonly vms: readonly SightedVm[];
  /** `true` if a record of the host's report cannot be read. */
  readonly hasRejected: boolean;
}

/** One VM of a pass. `stored` or `reported` is `null` if the VM is not stored or not reported. */
export interface SightedVm {
  readonly vmId: string;
  readonly stored: StoredVm | null;
  readonly reported: ReportedVm | null;
  readonly decision: Decision;
}

/** Matches a report with what is stored, and decides for each VM whether the report counts. */
export function sightVms({ hostId, stored, report }: PassInput): Sightings {
  const storedById = new Map(stored.map((vm) => [vm.id, vm]));
  const reportedById = new Map(report.vms.map((vm) => [vm.vmId, vm]));
  const rejectedIds = new Set(report.rejected.map(({ vmId }: RejectedVm) => vmId));
  // A record without a readable id may belong to any VM that seems to be absent.
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
 * Returns the VM's hash of devices in its stored form. Without a hash it is `''`, so that the VM is asked for once, not at
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
  // If the state cannot be read, the stored one counts for the owner's report, and "unknown" for any other host's.
  const status =
    reported.status !== null
      ? toVmStatus(reported.status)
      : stored?.ownerId === hostId
        ? stored.status
        : VM_STATUS.UNKNOWN;
  const { exitReason } = reported;
  return { kind: "reported", status, exitReason, isPostCopySource: isPostCopySource(reported) };
}
