import { HostError } from "../vdsm/errors.js";
import type { ScannedReport } from "../vdsm/scan/scan.js";
import { runInSlices } from "../vdsm/scan/sliced-work.js";
import { countRows } from "../store/write/passes.js";
import type { HostClaim, HostFailure, RefreshStore, StoredVm } from "../store/types.js";
import type { HostLink } from "./host-link.js";
import type { PassTurn } from "./schedule/schedule.js";
import { learnHostName } from "./learn-name.js";
import type { GuestLimits } from "../model/guest/guest-limits.js";
import { findNewNicIds } from "./plan/nic-claims.js";
import { planPass, UNCHANGED_PLAN, type PassPlan } from "./plan/plan.js";
import { findVmsToAskNicsOf } from "./plan/sightings.js";
import {
  addUnreadableNics,
  compareProblems,
  formatWarning,
  mergeProblems,
  NO_PROBLEMS,
  type HostProblems,
} from "./problems.js";
import { NOTHING_READ, type PassResult } from "./pass-result.js";
import { readNics } from "./read-nics.js";
import { askStore, StoreError } from "./store-error.js";

export type { PassResult } from "./pass-result.js";

/** What a pass needs besides its host. */
export interface PassDeps {
  readonly store: RefreshStore;
  readonly ignoreNames: readonly RegExp[];
  readonly guestLimits?: GuestLimits | undefined;
  /** Milliseconds of a clock that never steps. */
  readonly now: () => number;
  /** Resolves when the store knows the hosts. */
  readonly waitUntilReady: () => Promise<void>;
  /** A pass ends within this time; until then other gateways leave its host alone. */
  readonly passTimeoutMs?: number;
}

/**
 * Makes the stored VMs of a host equal to what the host reports. Never throws.
 * 1. Claim: raise the host's epoch, which makes the claims of earlier passes invalid. The claim is deferred if another
 *    gateway polls the host.
 * 2. Scan: ask the host, and parse the VMs whose report differs from the answer that the last pass kept.
 * 3. Plan: read what is stored of these VMs, decide who owns each, ask for changed vNICs, and list the differences.
 * 4. Write: store the differences and the host's success in one transaction, if the claim is still valid.
 * 5. Commit: keep the answer for the next scan.
 */
export async function refreshHost(
  deps: PassDeps,
  link: HostLink,
  signal: AbortSignal,
  turn: PassTurn = { freshMs: 0, isRetry: false },
): Promise<PassResult> {
  const startedMs = deps.now();
  const getElapsedMs = () => Math.round(deps.now() - startedMs);
  let claim: HostClaim | null = null;
  try {
    throwIfStopped(link, signal);
    await askStore(deps.waitUntilReady());
    const limitMs = deps.passTimeoutMs ?? PASS_TIMEOUT_MS;
    const answer = await askStore(deps.store.claim(link.host.id, { ...turn, limitMs }));
    if (answer === null) return createEmptyResult(link, "removed", null, getElapsedMs());
    if ("deferred" in answer) {
      return { ...createEmptyResult(link, "deferred", null, getElapsedMs()), deferral: answer.deferred };
    }
    claim = answer;
    const scan = await link.vdsm.scanAllVmStats(link.memory.begin(claim), signal);
    const planned = await plan(deps, link, scan, signal);
    throwIfStopped(link, signal);
    const isWritten = await write(deps, link, claim, scan, planned, getElapsedMs());
    if (isWritten) await learnHostName(link, deps.store, signal);
    return createResult(link, isWritten ? "done" : "superseded", scan, planned, getElapsedMs());
  } catch (error) {
    link.memory.fail(claim);
    const failure = await noteFailure(deps.store, claim, readFailure(error, signal), getElapsedMs());
    return createEmptyResult(link, failure === null ? "superseded" : "failed", failure, getElapsedMs());
  }
}

/** The plan of a pass, and the problems that it found. */
interface PlannedPass {
  readonly plan: PassPlan;
  readonly problems: HostProblems;
  readonly inventoryFailure: string | null;
  /** How many VMs it adds that nobody knew. */
  readonly addedVms: number;
}

async function plan(
  { store, ignoreNames, guestLimits }: PassDeps,
  link: HostLink,
  scan: ScannedReport,
  signal: AbortSignal,
): Promise<PlannedPass> {
  const known = link.memory.problems;
  if (isUnchanged(scan)) {
    return {
      plan: UNCHANGED_PLAN,
      problems: compareProblems(known, known),
      inventoryFailure: null,
      addedVms: 0,
    };
  }
  const stored = await askStore(readStoredVms(store, link.host.id, scan));
  const { sightings, added, leftOut } = link.newVms.limit({ hostId: link.host.id, report: scan, stored });
  const { nics, unreadable, failure } = await readNics(link, findVmsToAskNicsOf(sightings), signal);
  const newNicIds = await runInSlices(findNewNicIds(sightings.vms, nics), link.vdsm.meter);
  const holders = newNicIds.length === 0 ? undefined : await askStore(store.readNicHolders(newNicIds));
  const plan = await runInSlices(
    planPass(sightings, ignoreNames, nics, guestLimits, holders),
    link.vdsm.meter,
  );
  const lookedAt = sightings.vms.map(({ vmId }) => vmId);
  const kept = scan.listsAllVms ? NO_PROBLEMS : known;
  const found = new Map([...addUnreadableNics(plan.problems, unreadable), ...leftOut]);
  const problems = compareProblems(known, mergeProblems(kept, lookedAt, found));
  return { plan, problems, inventoryFailure: failure, addedVms: added };
}

/** Returns `true` if every VM's report equals the kept one. A VM that cannot be read counts as changed. */
function isUnchanged({ listsAllVms, vms, rejected, removed }: ScannedReport): boolean {
  return !listsAllVms && vms.length + rejected.length + removed.length === 0;
}

/** Reads what is stored of the changed VMs, or of all VMs of the host if the scan lists all. */
function readStoredVms(
  store: RefreshStore,
  hostId: string,
  { listsAllVms, vms, rejected, removed }: ScannedReport,
): Promise<StoredVm[]> {
  const vmIds = [...vms, ...rejected].map(({ vmId }) => vmId).filter((id) => id !== null);
  vmIds.push(...removed);
  return listsAllVms ? store.readHostVms(hostId, vmIds) : store.readVms(vmIds);
}

/** Writes the plan and keeps the answer. Returns `false`, and writes nothing, if the claim is invalid. */
async function write(
  { store, now }: PassDeps,
  { memory, vdsm, newVms }: HostLink,
  claim: HostClaim,
  scan: ScannedReport,
  { plan: { changes, visibleChanges, isSettled }, problems, inventoryFailure, addedVms }: PlannedPass,
  durationMs: number,
): Promise<boolean> {
  let isWritten = false;
  const startedMs = now();
  const warning = formatWarning(problems.all, scan.rejected, inventoryFailure);
  const vmCount = countReadableVms(scan) + scan.rejected.length;
  try {
    isWritten = await askStore(store.apply(claim, changes, { vmCount, durationMs, warning, visibleChanges }));
  } finally {
    // The database works for the host as well. It is given time only where much is written, not where it is slow for all.
    if (countRows(changes) >= MANY_ROWS) vdsm.meter.add(now() - startedMs);
    // The connection may have broken after the commit, so the next pass has to compare all VMs.
    if (!isWritten) memory.reset();
  }
  if (isWritten) {
    memory.commit(claim, scan, isSettled);
    newVms.take(addedVms);
    memory.problems = problems.all;
  }
  return isWritten;
}

/** So many rows take the database a second or so. */
const MANY_ROWS = 20_000;

/** Stores why the pass failed, and returns the failure; `null` if it does not count, because the claim is invalid. */
async function noteFailure(
  store: RefreshStore,
  claim: HostClaim | null,
  failure: HostFailure,
  durationMs: number,
): Promise<HostFailure | null> {
  if (claim === null) return failure;
  // Our own stop, or a failure of our database, is not a failure of the host. Another gateway may poll it at once.
  const isOurs = failure.kind === "aborted" || failure.kind === "database";
  try {
    if (!isOurs) return (await askStore(store.fail(claim, failure, durationMs))) ? failure : null;
    await askStore(store.releaseClaim(claim.hostId));
    return failure;
  } catch (error) {
    return isOurs ? failure : readFailure(error);
  }
}

/** Finds why a pass failed. If a signal ended it for a reason, such as the time limit, that is the reason. */
function readFailure(cause: unknown, signal?: AbortSignal): HostFailure {
  const error = signal?.reason instanceof HostError ? signal.reason : cause;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof HostError) {
    const detail = error.cause instanceof Error && error.kind === "untrusted" ? error.cause.message : null;
    return detail === null ? { kind: error.kind, message } : { kind: error.kind, message, detail };
  }
  return { kind: error instanceof StoreError ? "database" : "internal", message };
}

function throwIfStopped({ vdsm }: HostLink, signal: AbortSignal): void {
  if (signal.aborted) throw new HostError("aborted", `${vdsm.address}: the pass was stopped`);
}

function createResult(
  link: HostLink,
  outcome: PassResult["outcome"],
  scan: ScannedReport,
  { plan: { changes, changedVmIds }, problems, inventoryFailure }: PlannedPass,
  durationMs: number,
): PassResult {
  return {
    host: link.host,
    outcome,
    failure: null,
    inventoryFailure,
    vms: countReadableVms(scan),
    rejectedVms: scan.rejected.length + problems.all.size,
    newProblems: problems.began,
    rejectedRecords: scan.rejected.map(({ reason }) => reason),
    endedProblems: problems.ended,
    changedVms: changedVmIds.length,
    added: changes.insertedInterfaces.length,
    changed: changes.updatedInterfaces.length,
    removed: changes.deletedInterfaces.length,
    durationMs,
    restMs: computeRest(link),
  };
}

function createEmptyResult(
  link: HostLink,
  outcome: PassResult["outcome"],
  failure: HostFailure | null,
  durationMs: number,
): PassResult {
  return { host: link.host, outcome, failure, ...NOTHING_READ, durationMs, restMs: computeRest(link) };
}

function computeRest({ budget, vdsm }: HostLink): number {
  return budget.computeRest(vdsm.meter.workedMs);
}

function countReadableVms({ vms, unchanged }: ScannedReport): number {
  return vms.length + unchanged;
}

/** A pass over thousands of VMs takes seconds. One that takes minutes hangs. */
export const PASS_TIMEOUT_MS = 300_000;
