import type { Loaders } from "../../../loaders/loaders.js";
import type { AddressSpan, SpanPosition } from "../../../loaders/rows.js";
import { createGraphError } from "../../errors.js";
import { DEFAULT_PAGE, parsePageSize } from "../arguments.js";
import { parsePeriod } from "./guest-history.js";
import { loadHistoryBounds } from "./past-instant.js";
import { formatRowCursor, parseRowCursor } from "../pages/row-cursor.js";
import { isInstant, isKey, isSequence } from "../pages/cursor-forms.js";

/** What a client asked of the history of addresses. */
export interface AddressHistoryArguments {
  readonly address: string | null;
  readonly macAddress: string | null;
  readonly first: number | null;
  readonly after: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
}

/** A page of spans that was read. */
export interface AddressHistoryPage {
  readonly spans: readonly AddressSpan[];
  readonly isContinued: boolean;
  readonly hasNextPage: boolean;
  readonly keptFrom: Date;
}

/** Reads a page of spans, and one span more to know whether there is a next page. */
export async function loadAddressHistory(
  loaders: Loaders,
  { address, macAddress, ...asked }: AddressHistoryArguments,
): Promise<AddressHistoryPage> {
  if (address === null && macAddress === null) {
    throw createGraphError("BAD_USER_INPUT", "addressHistory: give an address, a macAddress, or both");
  }
  const first = parsePageSize(asked.first, DEFAULT_PAGE);
  const after = asked.after === null ? null : parseSpanCursor(asked.after);
  const { from, to } = parsePeriod(asked);
  const { keptFrom } = await loadHistoryBounds(loaders);
  const spans = await loaders.loadAddressSpans({ address, macAddress, from, to, after, limit: first + 1 });
  if (spans === null) {
    throw createGraphError(
      "NOT_AVAILABLE",
      "addressHistory: the index of addresses is being made or is behind; try again in a moment",
    );
  }
  return {
    spans: spans.slice(0, first),
    isContinued: after !== null,
    hasNextPage: spans.length > first,
    keptFrom,
  };
}

/** Formats the cursor of a span. */
export function formatSpanCursor({ position: { since, seq, key }, since: shownSince }: AddressSpan): string {
  return formatRowCursor(SPAN, [shownSince?.toISOString() ?? START, since, seq, key]);
}

function parseSpanCursor(cursor: string): SpanPosition {
  const [shownSince = "", since = "", seq = "", key = ""] = parseRowCursor(SPAN, cursor, [
    isStart,
    isStart,
    isSequence,
    isKey,
  ]);
  return { since, seq, key, shownSince };
}

/** The name of this list in its cursors. */
const SPAN = "span";

/** The start of a span that began before the log. */
const START = "-infinity";

function isStart(text: string): boolean {
  return text === START || isInstant(text, 3);
}
