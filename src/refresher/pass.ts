import { HostError } from "../vdsm/errors.js";
import type { ScannedReport } from "../vdsm/scan/scan.js";
import { runInSlices } from "../vdsm/scan/sliced-work.js";
import type { ConfiguredHost, HostClaim, HostFailure, RefreshStore } from "../store/types.js";
import type { HostLink } from "./host-link.js";
import type { PassMemory } from "./pass-memory.js";
import { NO_CHANGES } from "./plan/plan-builder.js";
import { planPass, vmsToAskNicsOf } from "./plan/plan.js";
import type { PassPlan } from "./plan/plan.js";
import { askStore, StoreError } from "./store-error.js";

/** VMs of which a reader now sees something else; told only once that is committed. */
export interface GuestNetworkChange {
  readonly hostId: string;
  readonly vmIds: readonly string[];
}

/** What a pass works with besides its host. */
export interface PassDeps {
  readonly store: RefreshStore;
  readonly memory: PassMemory;
  readonly ignoreNames: readonly RegExp[];
  readonly publish: (change: GuestNetworkChange) => void;
  /** Milliseconds of a clock that never steps. */
  readonly now: () => number;
  /** Resolves once the store knows the hosts. */
  readonly ready: () => Promise<void>;
}

/** How one pass over one host ended. */
export interface PassResult {
  readonly host: ConfiguredHost;
  /**
   * `superseded`: somebody else had the host or one of its VMs meanwhile, and nothing was written. `removed`: the host is
   * polled no more, as another process said; it was not asked.
   */
  readonly outcome: "done" | "superseded" | "removed" | "failed";
  /** Why it failed: a HostErrorKind, `database` or `internal`. */
  readonly failure: HostFailure | null;
  /** Why the host did not tell all vNICs that were asked for; they are asked for again. */
  readonly inventoryFailure: string | null;
  readonly vms: number;
  readonly rejectedVms: number;
  readonly changedVms: number;
  /** Guest interfaces that are new, have other addresses, or are gone. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly durationMs: number;
}

/** Makes what is stored of a host's VMs equal to what the host reports, in one transaction; never throws. */
export async function refreshHost(deps: PassDeps, link: HostLink, signal: AbortSignal): Promise<PassResult> {
  const startedMs = deps.now();
  const elapsedMs = () => Math.round(deps.now() - startedMs);
  let claim: HostClaim | null = null;
  try {
    stopIfAborted(link, signal);
    await askStore(deps.ready());
    claim = await askStore(deps.store.claim(link.host.id));
    if (claim === null) {
      return { ...nothingOf(link), outcome: "removed", failure: null, durationMs: elapsedMs() };
    }
    const read = await readHost(deps, link, claim, signal);
    stopIfAborted(link, signal);
    const isWritten = await write(deps, link, claim, read, elapsedMs());
    if (isWritten) await link.learnName(deps.store, signal);
    return { ...resultOf(link, read), outcome: isWritten ? "done" : "superseded", durationMs: elapsedMs() };
  } catch (error) {
    link.unlearn();
    const failure = await noteFailure(deps, claim, failureOf(error), elapsedMs());
    return {
      ...nothingOf(link),
      outcome: failure === null ? "superseded" : "failed",
      failure,
      durationMs: elapsedMs(),
    };
  }
}

/** What a pass has read and means to write. */
interface HostRead {
  readonly scanned: ScannedReport;
  readonly plan: PassPlan;
  readonly inventoryFailure: string | null;
}

async function readHost(
  { store, memory, ignoreNames }: PassDeps,
  link: HostLink,
  claim: HostClaim,
  signal: AbortSignal,
): Promise<HostRead> {
  if (!memory.isTrusted(claim)) link.reports.forget();
  const scanned = await link.vdsm.scanAllVmStats(link.reports, signal);
  const vmIds = [...scanned.vms, ...scanned.rejected].map(({ vmId }) => vmId).filter((id) => id !== null);
  vmIds.push(...scanned.removed);
  if (!scanned.isWhole && vmIds.length === 0 && scanned.rejected.length === 0) {
    return { scanned, plan: UNCHANGED, inventoryFailure: null };
  }
  const { hostId } = claim;
  // Of VMs reported as before nothing can have changed, and neither are they read nor planned.
  const stored = await askStore(store.vmsOf(scanned.isWhole ? hostId : null, vmIds));
  const input = { hostId, report: scanned, ignoreNames, stored };
  const { nics, failure } = await link.nicsOf(vmsToAskNicsOf(input), signal);
  return { scanned, plan: await runInSlices(planPass(input, nics)), inventoryFailure: failure };
}

/** `false`: the claim was void. Only what is committed is published and remembered. */
async function write(
  { store, memory, publish }: PassDeps,
  link: HostLink,
  claim: HostClaim,
  { scanned, plan }: HostRead,
  durationMs: number,
): Promise<boolean> {
  try {
    const pass = { vmCount: countOf(scanned) + scanned.rejected.length, durationMs };
    if (!(await askStore(store.apply(claim, plan.changes, pass)))) {
      memory.forget(claim.hostId);
      return false;
    }
  } catch (error) {
    // The connection may have died after the commit: the next pass would find nothing left to tell.
    for (const vmId of plan.changedVmIds) link.unpublished.add(vmId);
    memory.forget(claim.hostId);
    throw error;
  }
  link.reports.keep(scanned);
  if (!plan.isSettled) memory.forget(claim.hostId);
  else if (scanned.isWhole) memory.remember(claim);
  else memory.use(claim);
  const vmIds = [...new Set([...link.unpublished, ...plan.changedVmIds])];
  link.unpublished.clear();
  if (vmIds.length > 0) publish({ hostId: claim.hostId, vmIds });
  return true;
}

/** Stores why the host did not answer; `null` if that is no news of this pass, because its claim is void. */
async function noteFailure(
  { store, memory }: PassDeps,
  claim: HostClaim | null,
  failure: HostFailure,
  durationMs: number,
): Promise<HostFailure | null> {
  if (claim === null) return failure;
  memory.skip(claim);
  // Neither our own stop nor our own database is the host's failure.
  if (failure.kind === "aborted" || failure.kind === "database") return failure;
  try {
    return (await askStore(store.fail(claim, failure, durationMs))) ? failure : null;
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): HostFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof HostError) return { kind: error.kind, message };
  return { kind: error instanceof StoreError ? "database" : "internal", message };
}

function stopIfAborted({ vdsm }: HostLink, signal: AbortSignal): void {
  if (signal.aborted) throw new HostError("aborted", `${vdsm.address}: the pass was stopped`);
}

function resultOf({ host }: HostLink, { scanned, plan, inventoryFailure }: HostRead) {
  return {
    host,
    failure: null,
    inventoryFailure,
    vms: countOf(scanned),
    rejectedVms: scanned.rejected.length,
    changedVms: plan.changedVmIds.length,
    added: plan.changes.insertedInterfaces.length,
    changed: plan.changes.updatedInterfaces.length,
    removed: plan.changes.deletedInterfaces.length,
  };
}

function countOf({ vms, unchanged }: ScannedReport): number {
  return vms.length + unchanged;
}

function nothingOf({ host }: HostLink) {
  return {
    host,
    inventoryFailure: null,
    vms: 0,
    rejectedVms: 0,
    changedVms: 0,
    added: 0,
    changed: 0,
    removed: 0,
  };
}

const UNCHANGED: PassPlan = { changes: NO_CHANGES, changedVmIds: [], isSettled: true };
