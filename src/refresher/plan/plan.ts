import type { SlicedWork } from "../../vdsm/scan/sliced-work.js";
import type { HostReport, RejectedVm, ReportedNic, ReportedVm } from "../../vdsm/records/types.js";
import type { StoredVm } from "../../store/types.js";
import { VM_STATUS } from "../../model/vm-status.js";
import { planGuest } from "./guest.js";
import { toNics } from "./nics.js";
import type { Decision, Sighting } from "./ownership.js";
import { decideOwnership } from "./ownership.js";
import type { PlannedChanges } from "./plan-builder.js";
import { PlanBuilder } from "./plan-builder.js";
import { toVmStatus } from "./status.js";
import { cutText, toStorableText } from "./text.js";

/** All that one pass knows; the plan depends on nothing else. */
export interface PassInput {
  readonly hostId: string;
  readonly stored: readonly StoredVm[];
  readonly report: HostReport;
  readonly ignoreNames: readonly RegExp[];
}

/** What a pass is to write, and whether the same report would mean the same until somebody else writes. */
export interface PassPlan extends PlannedChanges {
  /**
   * `true` if every VM is this host's own, or ended and nobody's, and nothing is left to be asked or waited for: then the
   * same report again changes nothing, as long as no other pass has touched a VM of this host.
   */
  readonly isSettled: boolean;
}

/** Of the VMs that the host owns after this pass, those whose devices are not the ones last asked for. */
export function vmsToAskNicsOf(input: PassInput): string[] {
  return sightingsOf(input)
    .filter(({ stored, reported, decision }) => {
      if (reported === null || decision.verdict !== "own") return false;
      return stored === null || stored.inventoryHash !== inventoryHashOf(reported);
    })
    .map(({ vmId }) => vmId);
}

/**
 * Plans how the store follows a host's report. `nics` holds the answers about vNICs; a VM without an answer keeps what
 * is stored and is asked for again at the next pass. Pauses, so that a host of many VMs does not hold up the others.
 */
export function* planPass(
  input: PassInput,
  nics: ReadonlyMap<string, readonly ReportedNic[]>,
): SlicedWork<PassPlan> {
  const plan = new PlanBuilder();
  let isSettled = input.report.rejected.length === 0;
  for (const [at, sighting] of sightingsOf(input).entries()) {
    if (at % VMS_A_TURN === VMS_A_TURN - 1) yield;
    const after = afterOf(sighting, input, nics);
    plan.add(sighting.stored, after);
    isSettled &&= isSettledVm(sighting, after, input.hostId);
  }
  return { ...plan.build(), isSettled };
}

/** One VM as this pass sees it. */
interface SightedVm {
  readonly vmId: string;
  readonly stored: StoredVm | null;
  readonly reported: ReportedVm | null;
  readonly decision: Decision;
}

function sightingsOf({ hostId, stored, report }: PassInput): SightedVm[] {
  const storedById = new Map(stored.map((vm) => [vm.id, vm]));
  const reportedById = new Map(report.vms.map((vm) => [vm.vmId, vm]));
  const rejectedIds = new Set(report.rejected.map(({ vmId }: RejectedVm) => vmId));
  // A record without a readable id may be that of any VM which seems to be absent.
  const isNamelessRejected = rejectedIds.has(null);
  const vmIds = new Set([...reportedById.keys(), ...storedById.keys()]);
  return [...vmIds].map((vmId) => {
    const vm = storedById.get(vmId) ?? null;
    const reported = reportedById.get(vmId) ?? null;
    const decision = decideOwnership(
      vm,
      hostId,
      sightingOf(reported, isNamelessRejected || rejectedIds.has(vmId)),
    );
    return { vmId, stored: vm, reported, decision };
  });
}

function sightingOf(reported: ReportedVm | null, isRejected: boolean): Sighting {
  if (reported === null) return { kind: isRejected ? "rejected" : "absent" };
  return { kind: "reported", status: toVmStatus(reported.status), exitReason: reported.exitReason };
}

function afterOf(
  { vmId, stored, reported, decision }: SightedVm,
  { hostId, ignoreNames }: PassInput,
  nics: ReadonlyMap<string, readonly ReportedNic[]>,
): StoredVm {
  const before = stored ?? newVm(vmId);
  const { verdict, ownership } = decision;
  switch (verdict) {
    case "own":
      return reported === null
        ? before
        : { ...before, ...ownership, ...ownedData(before, stored, reported, ignoreNames, nics.get(vmId)) };
    case "invalid":
      return { ...before, ...ownership, silence: "invalid" };
    case "handed-over":
      // What the destination makes of it, only its own report will tell.
      return { ...before, ...ownership, status: VM_STATUS.MIGRATING_TO };
    case "down":
      return { ...before, ...ownership, ...ENDED, name: nameOf(reported, before, hostId) };
    case "missing":
    case "ignore":
      return { ...before, ...ownership };
  }
}

function ownedData(
  before: StoredVm,
  stored: StoredVm | null,
  reported: ReportedVm,
  ignoreNames: readonly RegExp[],
  nics: readonly ReportedNic[] | undefined,
): Partial<StoredVm> {
  const known = stored === null || stored.status === VM_STATUS.DOWN ? null : stored;
  return {
    name: nameOf(reported, before, null),
    status: toVmStatus(reported.status),
    ...planGuest(reported, known, ignoreNames),
    ...(nics === undefined
      ? {}
      : { nics: toNics(before.id, nics), inventoryHash: inventoryHashOf(reported) }),
  };
}

/** The owner names a VM; a `Down` record has no name, and only its last owner's would count. */
function nameOf(reported: ReportedVm | null, before: StoredVm, owningHostId: string | null): string {
  const name = cutText(toStorableText(reported?.vmName ?? ""), VM_NAME_LENGTH);
  const counts = owningHostId === null || before.ownerId === owningHostId || before.ownerId === null;
  return counts && name !== "" ? name : before.name;
}

/** A VM without a hash is asked for once, not at every pass. */
function inventoryHashOf(reported: ReportedVm): string {
  return toStorableText(reported.hash ?? "");
}

function newVm(vmId: string): StoredVm {
  return { id: vmId, name: vmId, inventoryHash: null, nics: [], ...ENDED, ...UNOWNED };
}

function isSettledVm({ stored, reported, decision }: SightedVm, after: StoredVm, hostId: string): boolean {
  if (reported === null) return false;
  // What another host owned was read while that host could write it: after taking it over, it is read once more.
  const wasForeign = stored !== null && stored.ownerId !== null && stored.ownerId !== hostId;
  if (wasForeign && stored.ownerId !== after.ownerId) return false;
  if (decision.verdict === "own") return after.inventoryHash === inventoryHashOf(reported);
  // The record of a VM that ended says the same until the engine takes it away, whoever runs the VM by now.
  const plays = after.ownerId === hostId || after.incomingId === hostId || after.contenderId === hostId;
  return toVmStatus(reported.status) === VM_STATUS.DOWN && !plays;
}

/** A guest that is not running has no interfaces and no addresses: that is known, not unknown. */
const ENDED = { status: VM_STATUS.DOWN, ips: null, fqdn: null, silence: null, interfaces: [] } as const;

const UNOWNED = { ownerId: null, incomingId: null, contenderId: null, missedPasses: 0 } as const;

/** Some 20 ms of work where all of them are new. */
const VMS_A_TURN = 500;

/** `vm_static.vm_name` is varchar(255). */
const VM_NAME_LENGTH = 255;
