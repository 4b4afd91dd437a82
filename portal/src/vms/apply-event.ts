import type { ChangeEvent } from "../live/subjects.js";
import type { VmListRow } from "./use-vm-pages.js";

/** The rows after an event, and whether the list has to be read again to be right. */
export interface AppliedEvent {
  readonly rows: readonly VmListRow[];
  readonly isOutdated: boolean;
}

/**
 * Puts what an event tells into the rows. Which VMs a search finds, and in which order, the server alone can say: an event
 * that may concern that makes the list outdated.
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

/** An event shows the VM as of its change. */
function noteChange(next: VmListRow, lastChangedAt: string): VmListRow {
  return next.guestInfo === null ? next : { ...next, guestInfo: { ...next.guestInfo, lastChangedAt } };
}

/** The log, from which events come, does not tell of hosts' outages. What the list was told of them stays. */
function keepFreshness(next: VmListRow, row: VmListRow): VmListRow {
  if (next.guestInfo === null || row.guestInfo === null) return next;
  const { lastChangedAt, lastReportedAt, stale, staleReason, staleDetail } = row.guestInfo;
  return {
    ...next,
    guestInfo: { ...next.guestInfo, lastChangedAt, lastReportedAt, stale, staleReason, staleDetail },
  };
}
