import type { Loaders } from "../../../loaders/loaders.js";
import type { ChangePosition, VmChange } from "../../../loaders/rows.js";
import { createGraphError } from "../../errors.js";
import { DEFAULT_PAGE, parsePageSize } from "../arguments.js";
import { checkNotFuture, loadHistoryBounds } from "./past-instant.js";
import { formatRowCursor, parseRowCursor } from "../pages/row-cursor.js";
import { isInstant, isSequence } from "../pages/cursor-forms.js";

/** What a client asked of a VM's history. */
export interface GuestHistoryArguments {
  readonly first: number | null;
  readonly after: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
}

/** A page of changes that was read. */
export interface GuestHistoryPage {
  readonly changes: readonly VmChange[];
  readonly isContinued: boolean;
  readonly hasNextPage: boolean;
  readonly keptFrom: Date;
}

/** Reads a page of a VM's changes, and one change more to know whether there is a next page. */
export async function loadGuestHistory(
  loaders: Loaders,
  vmId: string,
  asked: GuestHistoryArguments,
): Promise<GuestHistoryPage> {
  const first = parsePageSize(asked.first, DEFAULT_PAGE);
  const after = asked.after === null ? null : parseChangeCursor(asked.after);
  const { from, to } = parsePeriod(asked);
  const { keptFrom } = await loadHistoryBounds(loaders);
  const changes = await loaders.getVmChanges({ from, to, after, limit: first + 1 }).load(vmId);
  return {
    changes: changes.slice(0, first),
    isContinued: after !== null,
    hasNextPage: changes.length > first,
    keptFrom,
  };
}

/** Checks a period: its end is not before its start, and its start is not in the future. */
export function parsePeriod({ from, to }: Pick<GuestHistoryArguments, "from" | "to">) {
  if (from !== null) checkNotFuture("from", from);
  if (from !== null && to !== null && to < from) {
    throw createGraphError("BAD_USER_INPUT", "to: must not be before `from`");
  }
  return { from, to };
}

/** Formats the cursor of a change in the history of its VM. */
export function formatChangeCursor({ position: { at, seq } }: VmChange): string {
  return formatRowCursor(CHANGE, [at, seq]);
}

function parseChangeCursor(cursor: string): ChangePosition {
  const [at = "", seq = ""] = parseRowCursor(CHANGE, cursor, [(text) => isInstant(text, 6), isSequence]);
  return { at, seq };
}

/** The name of this list in its cursors. */
const CHANGE = "change";
