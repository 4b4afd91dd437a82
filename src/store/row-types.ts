import type { StaleReason } from "../model/guest/stale-reason.js";

/** A VM as the graph reads it. The row holds all data of which a VM has one value. */
export interface VmRow {
  readonly id: string;
  readonly name: string;
  readonly status: number;
  readonly hostId: string | null;
  /** `null`: nothing is known (unknown, not none). */
  readonly ips: readonly string[] | null;
  readonly fqdn: string | null;
  /** `false`: nothing is known of the guest's interfaces (unknown, not none). */
  readonly interfacesKnown: boolean;
  /** `false`: no host has reported the VM's vNICs yet (unknown, not none). */
  readonly nicsKnown: boolean;
  readonly lastReportedAt: Date | null;
  readonly staleReason: StaleReason | null;
  /** Says which part of the last report cannot be read. */
  readonly staleDetail: string | null;
  /** Since when the data are stale; `null`: they are not, or it is not known. */
  readonly staleSince: Date | null;
  /** When the VM last changed for readers, rounded up to milliseconds; `null`: not known. */
  readonly lastChangedAt: Date | null;
  /** Another host that says that it runs the VM, though its reports do not count; left out: not known. */
  readonly contenderId?: string | null;
  /** MACs of vNICs that the guest reports under an ignored name, joined by blanks; left out: not known. */
  readonly ignoredMacs?: string | null;
  /** In a page: the value by which it is sorted, unless that is the name or the id (see {@link VmCursor}). */
  readonly orderKey?: string | null;
}

/** One host as the graph reads it. */
export interface HostRow {
  readonly id: string;
  readonly name: string;
  /** `host:port`, IPv6 in brackets. */
  readonly address: string;
  /** oVirt's VDSStatus number: 0 never asked, 3 up, 4 not answering, 5 error, 12 recovering. */
  readonly status: number;
  readonly lastAttemptAt: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly lastError: string | null;
  /** Says in one line what of its last answer could not be read; `null`: nothing. */
  readonly lastWarning: string | null;
  /** Whether a running gateway polls it regularly. `null`: an engine asks it. */
  readonly polled: boolean | null;
}
