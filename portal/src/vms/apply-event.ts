import type { ChangeEvent } from "../live/subjects.js";
import type { VmListRow } from "./vm-list-row.js";

/** The rows after an event, and whether the list has to be read again to be right. */
export interface AppliedEvent {
  readonly rows: readonly VmListRow[];
  readonly isOutdated: boolean;
}

/**
 * Applies an event to the rows. Only the server knows which VMs a search finds, and in which order. So an event that
 * may change that makes the list outdated.
 */
export function applyEvent(
  rows: readonly VmListRow[],
  event: ChangeEvent,
  list: { readonly isWhole: boolean; readonly isSearched: boolean },
): AppliedEvent {
  const at = rows.findIndex(({ id }) => id === event.vmId);
  const row = rows[at];
  if (row === undefined) return { rows, isOutdated: list.isWhole && event.after !== null };
  if (event.after === null) return { rows: rows.toSpliced(at, 1), isOutdated: true };
  const isState = event.kind === "STATE";
  const next = isState ? keepFreshness(event.after, row) : noteChange(event.after, event.at);
  if (isState && JSON.stringify(next) === JSON.stringify(row)) return { rows, isOutdated: false };
  const isMoved = list.isSearched || event.changes.some(({ kind }) => kind === "VM_RENAMED");
  return { rows: rows.with(at, next), isOutdated: isMoved };
}

/** Sets the time of the last change, since an event has the VM as it was after its change. */
function noteChange(next: VmListRow, lastChangedAt: string): VmListRow {
  return next.guestInfo === null ? next : { ...next, guestInfo: { ...next.guestInfo, lastChangedAt } };
}

/** Keeps the freshness of the row. The log from which events come has no outages of hosts, so the row's own state stays. */
function keepFreshness(next: VmListRow, row: VmListRow): VmListRow {
  if (next.guestInfo === null || row.guestInfo === null) return next;
  const { lastChangedAt, lastReportedAt, stale, staleReason, staleDetail } = row.guestInfo;
  return {
    ...next,
    guestInfo: { ...next.guestInfo, lastChangedAt, lastReportedAt, stale, staleReason, staleDetail },
  };
}
