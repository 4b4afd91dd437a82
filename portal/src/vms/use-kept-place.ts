import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";
import { findPlace, keepPlace, type ListKey } from "./kept-list.js";

/**
 * Keeps where somebody stands in a list until they come back to it: the list is scrolled to there, and the VM that was opened
 * has the focus again. Another list begins at its top. Returns where the list begins.
 */
export function useKeptPlace(
  scroller: RefObject<HTMLDivElement | null>,
  { text, sort }: ListKey,
  isAnew: boolean,
): number {
  const openedId = useRef<string | null>(null);
  useLayoutEffect(() => {
    const list = scroller.current;
    const kept = findPlace({ text, sort });
    if (list === null) return undefined;
    openedId.current = kept.openedId;
    // A list that is hidden while another view loads stands at its top.
    let { scrollTop } = kept;
    const onScroll = (): void => {
      scrollTop = list.scrollTop;
    };
    list.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      list.removeEventListener("scroll", onScroll);
      // The address names already what comes next.
      const openedId = new URLSearchParams(location.search).get("id");
      keepPlace({ text, sort }, { scrollTop, openedId });
    };
  }, [scroller, text, sort]);
  useEffect(() => {
    if (isAnew) scroller.current?.scrollTo({ top: 0 });
  }, [scroller, isAnew]);
  // Rows come into the document once it is known which of them are on the screen.
  useEffect(() => {
    if (openedId.current === null) return;
    const row = scroller.current?.querySelector(`[data-vm="${CSS.escape(openedId.current)}"]`);
    if (row == null) return;
    openedId.current = null;
    row.querySelector("a")?.focus({ preventScroll: true });
  });
  return findPlace({ text, sort }).scrollTop;
}
