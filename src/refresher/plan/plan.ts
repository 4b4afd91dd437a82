import type { SlicedWork } from "../../vdsm/scan/sliced-work.js";
import type { ReportedVm } from "../../vdsm/records/types.js";
import type { StoredVm } from "../../store/types.js";
import { VM_NAME_LENGTH, type GuestLimits } from "../../model/guest/guest-limits.js";
import { isWithoutGuest, VM_STATUS } from "../../model/guest/vm-status.js";
import { planGuest } from "./guest.js";
import { listIgnoredMacs } from "./ignored-macs.js";
import { NicClaims, type NicReports, type SettledNics } from "./nic-claims.js";
import type { PlannedChanges } from "./plan-builder.js";
import { NO_CHANGES, PlanBuilder } from "./plan-builder.js";
import { readInventoryHash, type SightedVm, type Sightings } from "./sightings.js";
import { isPostCopySource, readEndedStatus, readRunningStatus, SAYS_UP, toVmStatus } from "./status.js";
import { cutText, toStorableText } from "./text.js";

/** The plan of a pass: what it will write. */
export interface PassPlan extends PlannedChanges {
  /**
   * `true` if the same report would change nothing next time, unless another pass writes a VM of this host. Each VM is then
   * owned by this host, or has ended without an owner, and no vNICs must be asked for again.
   */
  readonly isSettled: boolean;
  /** The problems in the reports of the VMs that were looked at, as messages, by VM. */
  readonly problems: ReadonlyMap<string, string>;
}

/** The plan of a pass in which every report equals the kept one. */
export const UNCHANGED_PLAN: PassPlan = {
  changes: NO_CHANGES,
  changedVmIds: [],
  visibleChanges: [],
  isSettled: true,
  problems: new Map(),
};

/**
 * Plans the changes that make the store follow a host's report. `nics` holds the answers about vNICs. A VM without an
 * answer keeps its stored vNICs, and is asked for again at the next pass. `holders` says which VMs have the ids of new
 * vNICs. The generator pauses, so that a host with many VMs does not delay others.
 */
export function* planPass(
  { hostId, vms, hasRejected }: Sightings,
  ignoreNames: readonly RegExp[],
  nics: NicReports,
  limits?: GuestLimits,
  holders: ReadonlyMap<string, string> = new Map(),
): SlicedWork<PassPlan> {
  const plan = new PlanBuilder();
  const problems = new Map<string, string>();
  const claims = yield* NicClaims.read(vms, nics, holders);
  let isSettled = !hasRejected;
  let planned = 0;
  for (const vm of vms) {
    if (planned >= ENTRIES_PER_SLICE) {
      planned = 0;
      yield;
    }
    planned += ENTRIES_OF_A_VM + (vm.reported?.netIfaces?.length ?? 0);
    const settled = claims.settle(vm.vmId);
    const after = planVm(vm, hostId, ignoreNames, settled, limits);
    plan.add(vm.stored, after);
    isSettled &&= isSettledVm(vm, after, hostId);
    const problem = describeProblem(vm, after) ?? settled?.conflict ?? null;
    if (problem !== null) problems.set(vm.vmId, problem);
  }
  return { ...plan.build(), isSettled, problems };
}

/** Describes the problem of the host's report of a VM; `null`: there is none, or the report does not count. */
function describeProblem(
  { stored, reported, decision: { verdict } }: SightedVm,
  after: StoredVm,
): string | null {
  if (verdict === "own" || verdict === "invalid") return after.staleDetail;
  if (verdict !== "ignore" || reported === null || !hasCopy(reported)) return null;
  if (stored === null || !SAYS_UP.has(stored.status)) return null;
  // It runs on both hosts, or is paused on this one: a copy with the same id, or a split brain.
  const owner = `host ${after.ownerId ?? "unknown"}`;
  return reported.status === "Paused"
    ? `is paused here, but runs on ${owner}, whose report counts`
    : `runs on ${owner} too, whose report counts`;
}

/** Returns `true` for the states in which a VM cannot be on two hosts, not even while it starts or migrates. */
function hasCopy(reported: ReportedVm): boolean {
  return reported.status === "Up" || (reported.status === "Paused" && !isPostCopySource(reported));
}

/** Computes what will be stored of a VM after this pass. */
function planVm(
  { vmId, stored, reported, decision }: SightedVm,
  hostId: string,
  ignoreNames: readonly RegExp[],
  nics: SettledNics | null,
  limits: GuestLimits | undefined,
): StoredVm {
  const before = stored ?? createVm(vmId);
  const { verdict, ownership } = decision;
  switch (verdict) {
    case "own":
      return reported === null
        ? before
        : { ...before, ...ownership, ...readOwnedVm(before, stored, reported, ignoreNames, nics, limits) };
    case "invalid":
      return {
        ...before,
        ...ownership,
        silence: "invalid",
        staleDetail: "its host's report has a record that cannot be read",
      };
    case "handed-over":
      // The destination's own report decides about the VM there.
      return { ...before, ...ownership, status: VM_STATUS.MIGRATING_TO };
    case "down":
      return {
        ...before,
        ...ownership,
        ...ENDED,
        status: readEndedStatus(reported, before.status),
        name: chooseName(reported, before, hostId),
      };
    case "missing":
    case "ignore":
      return { ...before, ...ownership };
  }
}

function readOwnedVm(
  before: StoredVm,
  stored: StoredVm | null,
  reported: ReportedVm,
  ignoreNames: readonly RegExp[],
  nics: SettledNics | null,
  limits: GuestLimits | undefined,
): Partial<StoredVm> {
  const known = stored === null || isWithoutGuest(stored.status) ? null : stored;
  const guest = planGuest(reported, known, ignoreNames, limits);
  const { netIfaces } = reported;
  return {
    name: chooseName(reported, before, null),
    status: readRunningStatus(reported, known?.status ?? VM_STATUS.UNKNOWN),
    ...guest,
    // A silent guest keeps this value, like its other data.
    ignoredMacs:
      netIfaces === null
        ? (known?.ignoredMacs ?? null)
        : listIgnoredMacs(netIfaces, ignoreNames, guest.interfaces, nics?.nics ?? before.nics),
    ...(nics === null ? {} : readSettledNics(nics, reported)),
  };
}

/**
 * Returns the vNICs to store. After a conflict it stores no hash, so that the next pass asks again: another VM may have
 * released the id by then.
 */
function readSettledNics(
  { nics, conflict }: SettledNics,
  reported: ReportedVm,
): Pick<StoredVm, "nics" | "inventoryHash"> {
  return { nics, inventoryHash: conflict === null ? readInventoryHash(reported) : null };
}

/**
 * Chooses a VM's name: its owner's, if the owner reports one; otherwise the stored one. `Down` records usually have none.
 */
function chooseName(reported: ReportedVm | null, before: StoredVm, owningHostId: string | null): string {
  const name = cutText(toStorableText(reported?.vmName ?? ""), VM_NAME_LENGTH);
  const counts = owningHostId === null || before.ownerId === owningHostId || before.ownerId === null;
  return counts && name !== "" ? name : before.name;
}

/** Creates a VM of which nothing is stored yet. */
function createVm(vmId: string): StoredVm {
  return { id: vmId, name: vmId, inventoryHash: null, nics: [], ...ENDED, ...UNOWNED };
}

function isSettledVm({ stored, reported, decision }: SightedVm, after: StoredVm, hostId: string): boolean {
  if (reported === null) return false;
  // A VM that was taken from another host was read while that host could still write it. The next pass reads it again.
  const wasForeign = stored !== null && stored.ownerId !== null && stored.ownerId !== hostId;
  if (wasForeign && stored.ownerId !== after.ownerId) return false;
  if (decision.verdict === "own") return after.inventoryHash === readInventoryHash(reported);
  // A host repeats the record of an ended VM until the engine removes it. Meanwhile another host may run the VM.
  const hasRole = after.ownerId === hostId || after.incomingId === hostId || after.contenderId === hostId;
  return reported.status !== null && toVmStatus(reported.status) === VM_STATUS.DOWN && !hasRole;
}

/** The data of a VM that has ended. It has no interfaces and no addresses; that is known, not unknown. */
const ENDED = {
  status: VM_STATUS.DOWN,
  ips: null,
  fqdn: null,
  silence: null,
  staleDetail: null,
  ignoredMacs: null,
  interfaces: [],
} as const;

const UNOWNED = { ownerId: null, incomingId: null, contenderId: null, missedPasses: 0 } as const;

/**
 * The work between two pauses, counted in interfaces: some 20 ms if all VMs are new. What else there is of a VM takes as long as
 * some interfaces.
 */
const ENTRIES_PER_SLICE = 4_000;
const ENTRIES_OF_A_VM = 8;
