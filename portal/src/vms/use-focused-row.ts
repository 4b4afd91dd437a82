import { defaultRangeExtractor, type Range } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useState, type FocusEvent, type RefObject } from "react";
import type { VmListRow } from "./vm-list-row.js";

/** Keeps the keyboard's focus while rows come into the document and leave it. */
export interface FocusedRow {
  /** Lists the positions of the rows that are in the document. */
  readonly rangeExtractor: (range: Range) => number[];
  readonly onFocus: (event: FocusEvent) => void;
  readonly onBlur: (event: FocusEvent) => void;
}

/**
 * Keeps the row with the focus in the document, however far the list is scrolled, and the rows beside it, to which Tab
 * leads. If its VM leaves the list, the list itself gets the focus.
 */
export function useFocusedRow(
  scroller: RefObject<HTMLDivElement | null>,
  rows: readonly VmListRow[],
): FocusedRow {
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const position = useMemo(
    () => (focusedId === null ? -1 : rows.findIndex(({ id }) => id === focusedId)),
    [rows, focusedId],
  );
  useEffect(() => {
    if (focusedId === null || position !== -1) return;
    setFocusedId(null);
    if (document.activeElement === document.body) scroller.current?.focus({ preventScroll: true });
  }, [scroller, focusedId, position]);
  const rangeExtractor = useCallback(
    (range: Range) => {
      const shown = defaultRangeExtractor(range);
      if (position === -1) return shown;
      const kept = [position - 1, position, position + 1].filter((each) => each >= 0 && each < range.count);
      return [...new Set([...shown, ...kept])].toSorted((left, right) => left - right);
    },
    [position],
  );
  return {
    rangeExtractor,
    onFocus: ({ target }) => {
      setFocusedId(target.closest("tr")?.getAttribute("data-vm") ?? null);
    },
    onBlur: ({ currentTarget, relatedTarget }) => {
      // A row to which the focus is on its way stays until it is there.
      if (currentTarget.contains(relatedTarget)) return;
      // While another window is in front, the row is still the one with the focus here.
      if (document.hasFocus()) setFocusedId(null);
    },
  };
}
