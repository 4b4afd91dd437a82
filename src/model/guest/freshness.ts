import type { StaleReason } from "./stale-reason.js";

/** What of a VM's freshness is its own: it changes only with the VM. */
export interface OwnFreshness {
  /** `true`: its host's last success is the time of its last report. */
  readonly isHeard: boolean;
  /** When the guest last reported, where it is not heard now. */
  readonly reportedAt: Date | null;
  readonly ownReason: StaleReason | null;
  readonly ownSince: Date | null;
}

/** What a host adds to the freshness of its VMs. It moves with each pass, and with time alone. */
export interface HostFreshness {
  readonly lastSuccessAt: Date | null;
  /** Why nothing of its VMs is current; `null`: it is polled as it should be. */
  readonly hostReason: StaleReason | null;
  readonly hostSince: Date | null;
}

/** How fresh a VM's data are, as readers see it. */
export interface VmFreshness {
  readonly lastReportedAt: Date | null;
  readonly staleReason: StaleReason | null;
  readonly staleSince: Date | null;
}

/** A host of which nothing is stored: nobody polls it. */
export const UNKNOWN_HOST: HostFreshness = {
  lastSuccessAt: null,
  hostReason: "REFRESH_OVERDUE",
  hostSince: null,
};

/**
 * Joins what is known of a VM and of the host that runs it; `null`: no host does, and nothing is stale. A failing host comes
 * first, and of two times the earlier one counts. SQL says the same in `store/read/conditions/own-conditions.ts`.
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
