import type { DataSource } from "typeorm";
import type { LogCursor } from "./cursor.js";
import { findEndOfLog } from "./end-of-log.js";
import type { FollowQuestion } from "./live/guest-event.js";
import { resolveChanges, type ResolvedChange } from "./live/resolve-changes.js";
import { readStatePage, type StatePage } from "./live/state-page.js";
import { LogReader, type ChangePage, type LogBounds, type LoggedChange } from "./log-reader.js";
import { createMaintenance, type Retention } from "./partitions.js";
import type { PastVm } from "./past/history-types.js";
import { readHistoryBounds, readVmVersions } from "./past/past-versions.js";
import type { IndexStep } from "./spans/index-step.js";
import { advanceAddressIndex } from "./spans/span-indexer.js";

export type { IndexStep } from "./spans/index-step.js";
export type { LogCursor } from "./cursor.js";
export type { ChangePage, LoggedChange } from "./log-reader.js";
export type { PastVm } from "./past/history-types.js";
export type { ResolvedChange } from "./live/resolve-changes.js";
export type { StatePage } from "./live/state-page.js";

/** Reads the log onwards from its cursor. Each call continues where the last one ended. */
export interface LogTail {
  /** Stands behind the last change that was read. */
  readonly cursor: LogCursor;
  /** Reads the next changes, at most `limit`, in one statement. Throws {@link LostCursorError}. */
  read(limit: number): Promise<ChangePage>;
}

/** The log of all changes that readers can see. */
export interface ChangeLog {
  /** Opens a reader behind all that is committed now. */
  openTail(): Promise<LogTail>;
  /** Opens a reader that begins behind the cursor `after`. With `bounds.until` it ends at that cursor. */
  openReader(after: LogCursor, bounds?: LogBounds): LogTail;
  /** Finds the complete VM before and after each change. The changes must be in the order of the log. */
  resolveChanges(changes: readonly LoggedChange[]): Promise<ResolvedChange[]>;
  /** Reads one page of the VMs that a subscriber follows, as they are now. */
  readStatePage(
    question: Pick<FollowQuestion, "interest" | "scope">,
    afterId: string | null,
    limit: number,
  ): Promise<StatePage>;
  /** Reads the VMs as they were stored at that time; those that were not stored then are absent. */
  readVmVersions(vmIds: readonly string[], at: Date): Promise<PastVm[]>;
  /** Reads the earliest time that {@link readVmVersions} can answer for. */
  readLogStart(): Promise<Date>;
  /** Creates the partitions that will be needed, and drops those that have been too old for an hour. */
  maintain(retention: Retention): Promise<void>;
  /** Brings the index of addresses one step nearer to the end of the log. */
  advanceAddressIndex(): Promise<IndexStep>;
}

/** Creates the change log of this database. */
export function createChangeLog(dataSource: DataSource): ChangeLog {
  return {
    openTail: async () => new LogReader(dataSource, await findEndOfLog(dataSource)),
    openReader: (after, bounds) => new LogReader(dataSource, after, bounds),
    resolveChanges: (changes) => resolveChanges(dataSource, changes),
    readStatePage: (question, afterId, limit) => readStatePage(dataSource, question, afterId, limit),
    readVmVersions: (vmIds, at) => readVmVersions(dataSource, vmIds, at),
    readLogStart: async () => (await readHistoryBounds(dataSource)).keptFrom,
    advanceAddressIndex: () => advanceAddressIndex(dataSource),
    maintain: createMaintenance(dataSource),
  };
}
