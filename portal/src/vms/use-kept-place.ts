import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";
import { findPlace, keepPlace, type ListKey } from "./kept-list.js";

/** The height of every row. It gives the position of a row from its number. */
export const ROW_HEIGHT_PX = 44;

/**
 * Keeps the reader's position in a list until they come back to it, or load the page again. Then the list is scrolled
 * there, and the VM that was opened has the focus again. Another list begins at its top. Returns the position at which
 * the list begins.
 */
export function useKeptPlace(
  scroller: RefObject<HTMLDivElement | null>,
  { text, sort }: ListKey,
  isAnew: boolean,
): number {
  const openedId = useRef<string | null>(null);
  /** The position to scroll to once the rows are read. */
  const awaitedPx = useRef(0);
  useLayoutEffect(() => {
    const list = scroller.current;
    const kept = findPlace({ text, sort });
    if (list === null) return undefined;
    openedId.current = kept.openedId;
    awaitedPx.current = kept.scrollTop;
    // A list that is hidden while another view loads has the position 0.
    let { scrollTop } = kept;
    const onScroll = (): void => {
      scrollTop = list.scrollTop;
    };
    const keep = (): void => {
      // The page's address is already that of the next view.
      const openedId = new URLSearchParams(location.search).get("id");
      const rowCount = Math.ceil((scrollTop + list.clientHeight) / ROW_HEIGHT_PX);
      keepPlace({ text, sort }, { scrollTop, rowCount, openedId });
    };
    list.addEventListener("scroll", onScroll, { passive: true });
    addEventListener("pagehide", keep);
    return () => {
      list.removeEventListener("scroll", onScroll);
      removeEventListener("pagehide", keep);
      keep();
    };
  }, [scroller, text, sort]);
  useEffect(() => {
    scroller.current?.scrollTo({ top: isAnew ? 0 : awaitedPx.current });
    if (!isAnew) awaitedPx.current = 0;
  }, [scroller, isAnew]);
  // Rows are put into the document once it is known which of them are on the screen.
  useEffect(() => {
    if (openedId.current === null) return;
    const row = scroller.current?.querySelector(`[data-vm="${CSS.escape(openedId.current)}"]`);
    if (row == null) return;
    openedId.current = null;
    row.querySelector("a")?.focus({ preventScroll: true });
  });
  return findPlace({ text, sort }).scrollTop;
}
