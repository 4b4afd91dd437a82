import type { VmVersion } from "../versions/version-types.js";

/** Reads of the past from the change log. An engine's database keeps no past. */
export interface HistoryReads {
  /** Reads the time from which on the past is known, and the database's time; `null`: no past is kept here. */
  readHistoryBounds(): Promise<HistoryBounds | null>;
  /** Reads the VMs as they were at a time. Those that were not stored then, or may not be seen, are absent. */
  readVmVersionsAt(vmIds: readonly string[], at: Date): Promise<PastVm[]>;
  /**
   * Reads the changes of each VM, the newest first, at most `limit` of each. Those that may not be seen are left out.
   */
  readVmChanges(vmIds: readonly string[], question: VmChangesQuestion): Promise<VmChange[]>;
  /** Reads who had an address, or what a MAC had, and when, latest first. `null`: the index of addresses is not ready. */
  readAddressSpans(question: AddressSpansQuestion): Promise<AddressSpan[] | null>;
  /**
   * Reads the cursor behind all changes that this state of the database shows; `null`: none are kept here. Rejects with
   * {@link LogPositionUnknownError}.
   */
  readChangeCursor(): Promise<string | null>;
}

/** The times for which the past can be asked. */
export interface HistoryBounds {
  readonly keptFrom: Date;
  readonly now: Date;
}

/** A VM as it was stored at some time. */
export interface PastVm extends VmVersion {
  /** When it had changed last; `null`: not since such times are kept. */
  readonly lastChangedAt: Date | null;
  /** Since when it had been stale, its host aside; `null`: it was not, or that began before changes were kept. */
  readonly staleSince: Date | null;
  /**
   * When the guest had last reported, if it was silent then; `null`: it was not silent, or the time is not known any more.
   */
  readonly lastReportedAt: Date | null;
}

/** Which changes of a VM are asked for. */
export interface VmChangesQuestion {
  /** At this time or later. */
  readonly from: Date | null;
  /** Before this time. */
  readonly to: Date | null;
  /** Only changes that are older than the one at this position. */
  readonly after: ChangePosition | null;
  readonly limit: number;
}

/** The position of a change among the changes of its VM. */
export interface ChangePosition {
  /** In microseconds, as the database writes it. */
  readonly at: string;
  readonly seq: string;
}

/** A change of a VM, with the complete VM before and after it; `null`: it was not stored. */
export interface VmChange {
  readonly vmId: string;
  /** When it was written, rounded up to milliseconds. So the VM as of this time is `after`. */
  readonly at: Date;
  readonly position: ChangePosition;
  /** The host whose pass found it. */
  readonly hostId: string | null;
  readonly before: VmVersion | null;
  readonly after: VmVersion | null;
}

/** Selects spans of addresses. An address or a MAC is given, or both. */
export interface AddressSpansQuestion {
  readonly address: string | null;
  readonly macAddress: string | null;
  /** Only spans that end after this time. */
  readonly from: Date | null;
  /** Only spans that begin at this time or before. */
  readonly to: Date | null;
  /** Only spans behind this position, which begin earlier. */
  readonly after: SpanPosition | null;
  readonly limit: number;
}

/** A time during which a VM had an address. */
export interface AddressSpan {
  readonly vmId: string;
  readonly address: string;
  readonly deviceName: string | null;
  readonly macAddress: string | null;
  /** `null`: it began before the log did. */
  readonly since: Date | null;
  /** `null`: the VM still has it. */
  readonly until: Date | null;
  readonly position: Pick<SpanPosition, "since" | "seq" | "key">;
}

/** The position of a span in a list. If a scope cuts a span into parts, `shownSince` is the beginning of a part. */
export interface SpanPosition {
  readonly since: string;
  readonly seq: string;
  readonly key: string;
  readonly shownSince: string;
}
