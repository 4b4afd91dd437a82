import type { ConfiguredHost, HostFailure } from "../store/types.js";

/** How one pass over one host ended. */
export interface PassResult {
  readonly host: ConfiguredHost;
  /**
   * - `superseded`: another pass claimed the host or took one of its VMs; nothing was written.
   * - `deferred`: another gateway polls the host; the host was not asked.
   * - `removed`: another process ended the polling of the host; the host was not asked.
   */
  readonly outcome: "done" | "superseded" | "deferred" | "removed" | "failed";
  /** Why it was deferred. `busy`: another gateway polls the host now. `fresh`: it has just done so. */
  readonly deferral?: "busy" | "fresh";
  /** Why it failed: a HostErrorKind, `database` or `internal`. */
  readonly failure: HostFailure | null;
  /** Why the host did not report all vNICs that were asked for; they are asked for again. */
  readonly inventoryFailure: string | null;
  readonly vms: number;
  readonly rejectedVms: number;
  /** VMs whose reports have a new problem, with a message. */
  readonly newProblems: ReadonlyMap<string, string>;
  /** Messages about unreadable records that name no VM. */
  readonly rejectedRecords: readonly string[];
  /** VMs whose reports are right again. */
  readonly endedProblems: readonly string[];
  readonly changedVms: number;
  /** The numbers of guest interfaces that are new, that changed, and that are gone. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly durationMs: number;
  /** How long the host must rest, because its answers took more than their share of time; 0: not at all. */
  readonly restMs: number;
}

/** The part of a result that says what was read, of a pass that read nothing. */
export const NOTHING_READ = {
  inventoryFailure: null,
  vms: 0,
  rejectedVms: 0,
  newProblems: new Map<string, string>(),
  rejectedRecords: [],
  endedProblems: [],
  changedVms: 0,
  added: 0,
  changed: 0,
  removed: 0,
} as const;
