import { readSession } from "../identity/session.js";
import type { Sort } from "../route.js";
import type { VmListRow } from "./vm-list-row.js";

/** Identifies a list: what was searched, and in which order. */
export interface ListKey {
  readonly text: string;
  readonly sort: Sort;
}

/** The rows of a list that was left, so that it is the same when somebody comes back. */
export interface KeptRows {
  readonly rows: readonly VmListRow[];
  readonly cursor: string | null;
  readonly total: number | null;
}

/** The reader's position in a list that was left. */
export interface KeptPlace {
  readonly scrollTop: number;
  /** The number of rows that are needed to show that position. */
  readonly rowCount: number;
  /** The VM that was opened from the list. */
  readonly openedId: string | null;
}

const NOWHERE: KeptPlace = { scrollTop: 0, rowCount: 0, openedId: null };

/** The key of the position in the session storage while the page is loaded again. Only this tab has it. */
const STORED_PLACE = "vnic-graph.place";

/** The most rows that are read again for a position. Further down, a page that is loaded again begins at the top. */
const MOST_AGAIN = 10_000;

/** The rows of the one list that was left last, and the session that left it. */
let rows: { readonly owner: string; readonly kept: KeptRows } | null = null;
let place = takeStoredPlace();

export function keepRows(key: ListKey, kept: KeptRows): void {
  rows = { owner: nameOwner(key), kept };
}

export function keepPlace(key: ListKey, kept: KeptPlace): void {
  place = { owner: nameOwner(key), kept };
  sessionStorage.setItem(STORED_PLACE, JSON.stringify({ key, kept }));
}

/** Finds the rows of the list that was left last, if it was this one. */
export function findRows(key: ListKey): KeptRows | null {
  return rows?.owner === nameOwner(key) ? rows.kept : null;
}

/** Finds the position in the list that was left last, if it was this one. */
export function findPlace(key: ListKey): KeptPlace {
  return place?.owner === nameOwner(key) ? place.kept : NOWHERE;
}

/**
 * Reads the position from before the page was loaded again, or left and returned to. A page that is opened anew begins
 * at the top.
 */
function takeStoredPlace(): { readonly owner: string; readonly kept: KeptPlace } | null {
  const [navigation] = performance.getEntriesByType("navigation");
  const isAgain =
    navigation instanceof PerformanceNavigationTiming &&
    (navigation.type === "reload" || navigation.type === "back_forward");
  const stored = isAgain ? sessionStorage.getItem(STORED_PLACE) : null;
  sessionStorage.removeItem(STORED_PLACE);
  if (stored === null) return null;
  const { key, kept } = JSON.parse(stored) as { readonly key: ListKey; readonly kept: KeptPlace };
  return kept.rowCount <= MOST_AGAIN ? { owner: nameOwner(key), kept } : null;
}

function nameOwner({ text, sort }: ListKey): string {
  return JSON.stringify([readSession(), text, sort]);
}
