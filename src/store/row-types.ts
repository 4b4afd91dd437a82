import type { StaleReason } from "../model/guest/stale-reason.js";

/** One VM as the graph reads it, with all its 1:1 data in the same row. */
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
  /** `false`: no host has told the VM's vNICs yet (unknown, not none). */
  readonly nicsKnown: boolean;
  readonly lastReportedAt: Date | null;
  readonly staleReason: StaleReason | null;
  /** What of the last report cannot be read, in words. */
  readonly staleDetail: string | null;
  /** Since when the data are stale; `null`: they are not, or it is not known. */
  readonly staleSince: Date | null;
  /** When a reader last saw anything of the VM change, parts of milliseconds rounded up; `null`: not known. */
  readonly lastChangedAt: Date | null;
  /** Another host that says that it runs the VM, though its reports do not count; absent: not known. */
  readonly contenderId?: string | null;
  /** MACs of vNICs that the guest shows under an ignored name, joined by blanks; absent: not known. */
  readonly ignoredMacs?: string | null;
  /** In a page: the value by which it is sorted, where that is neither name nor id (see {@link VmCursor}). */
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
  /** What of its last answer could not be read, in one line; `null`: nothing. */
  readonly lastWarning: string | null;
  /** Whether a running gateway polls it at its turns. `null`: an engine asks it. */
  readonly polled: boolean | null;
}
