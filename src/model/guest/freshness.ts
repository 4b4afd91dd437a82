import type { StaleReason } from "./stale-reason.js";

/** The part of a VM's freshness that changes only with the VM. */
export interface OwnFreshness {
  /** `true`: its host's last success is the time of its last report. */
  readonly isHeard: boolean;
  /** When the guest last reported, if it is not heard now. */
  readonly reportedAt: Date | null;
  readonly ownReason: StaleReason | null;
  readonly ownSince: Date | null;
}

/** The host's part of the freshness of its VMs. It changes with each pass, and with time alone. */
export interface HostFreshness {
  readonly lastSuccessAt: Date | null;
  /** Why all its VMs are stale; `null`: its polling works. */
  readonly hostReason: StaleReason | null;
  readonly hostSince: Date | null;
}

/** How fresh a VM's data are, as readers see it. */
export interface VmFreshness {
  readonly lastReportedAt: Date | null;
  readonly staleReason: StaleReason | null;
  readonly staleSince: Date | null;
}

/** The freshness of a host of which nothing is stored, because nobody polls it. */
export const UNKNOWN_HOST: HostFreshness = {
  lastSuccessAt: null,
  hostReason: "REFRESH_OVERDUE",
  hostSince: null,
};

/**
 * Joins a VM's freshness and its host's; `null` as a host: no host runs it, so that nothing is stale. The host's reason
 * comes first, and the earlier one of two times counts. `store/read/conditions/own-conditions.ts` has the same rule in SQL.
 */
export function joinFreshness(own: OwnFreshness, host: HostFreshness | null): VmFreshness {
  if (host === null) return { lastReportedAt: own.reportedAt, staleReason: null, staleSince: null };
  return {
    lastReportedAt: own.isHeard ? host.lastSuccessAt : own.reportedAt,
    staleReason: host.hostReason ?? own.ownReason,
    staleSince: findEarlier(own.ownSince, host.hostSince),
  };
}

function findEarlier(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one <= other ? one : other;
}
