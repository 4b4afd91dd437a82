import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useClient } from "urql";
import type { Problem } from "../api/problem.js";
import type { ChangeEvent } from "../live/subjects.js";
import type { Sort } from "../route.js";
import { createPace } from "../shared/answers/pace.js";
import { applyEvent, type AppliedEvent } from "./apply-event.js";
import { findPlace, findRows, keepRows } from "./kept-list.js";
import { readRows, readTotal } from "./read-vms.js";
import { parseSearch } from "./search.js";
import { SHORT_LIST } from "./vm-filter.js";
import type { VmListRow } from "./vm-list-row.js";

/** The rows that have been read so far, and how to read more. */
export interface VmPages {
  readonly rows: readonly VmListRow[];
  readonly total: number | null;
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  /** `true` if the list has changed, but is too long to be read again by itself. */
  readonly isOutdated: boolean;
  readonly problem: Problem | null;
  readonly loadMore: () => void;
  readonly reload: () => void;
  /** Reads again what could not be read. The rows stay on the screen until the answer is there. */
  readonly retry: () => void;
  /** Applies an event to the rows. */
  readonly apply: (event: ChangeEvent) => void;
  /** Reads the rows again in the background. */
  readonly refresh: () => void;
}

/** Rows of the first page: enough for two screens, so that they are there soon. */
const FIRST_PAGE = 100;

/** Rows of further pages: so many that scrolling rarely waits. */
const NEXT_PAGE = 250;

/** The time for which events are collected. So the page is drawn a few times a second, however many there are. */
const GATHER_MS = 150;

/** Reads the VMs that a search finds, page by page, each page behind the last cursor. */
export function useVmPages(text: string, sort: Sort): VmPages {
  const client = useClient();
  const [state, setState] = useState<State>(() => ({ ...EMPTY, ...findRows({ text, sort }) }));
  /** The newest state, which a later render shows. */
  const latest = useRef(state);
  const show = useCallback((change: (last: State) => State) => {
    latest.current = change(latest.current);
    setState(latest.current);
  }, []);
  /** A number that every new question raises. An answer to an older one is dropped. */
  const question = useRef(0);
  const isBusy = useRef(false);
  /** Events that are not shown yet. */
  const waiting = useRef<ChangeEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  /** `true` if the list has changed while nobody saw the page. */
  const isMissed = useRef(false);

  const read = useCallback(
    async (from: State, count: number) => {
      const asked = question.current;
      const search = parseSearch(text);
      isBusy.current = true;
      const [page, total] = await Promise.all([
        readRows(client, search, {
          ...{ sort, count, after: from.cursor },
          isWanted: () => asked === question.current,
        }),
        from.cursor === null ? readTotal(client, search) : Promise.resolve(from.total),
      ]);
      if (asked !== question.current) return;
      isBusy.current = false;
      show((last) => ({
        ...last,
        ...(page.problem === null
          ? {
              rows: from.cursor === null ? page.rows : [...last.rows, ...page.rows],
              cursor: page.cursor,
              total,
            }
          : // Rows of another search do not stay if this one fails.
            last.total === null && { rows: [] }),
        isLoading: false,
        isOutdated: from.cursor !== null && last.isOutdated,
        problem: page.problem,
      }));
    },
    [client, text, sort, show],
  );

  const readAnew = useCallback(
    (count: number) => {
      question.current += 1;
      // The rows stay until the answer is there, because an empty list in between would flicker at each key.
      show((last) => ({ ...EMPTY, rows: last.rows }));
      void read(EMPTY, Math.max(FIRST_PAGE, count));
    },
    [read, show],
  );
  const reload = useCallback(() => {
    readAnew(FIRST_PAGE);
  }, [readAnew]);
  /** Reads the list up to the position from before the page was loaded again. */
  const readToPlace = useCallback(() => {
    readAnew(findPlace({ text, sort }).rowCount);
  }, [text, sort, readAnew]);

  const readAgain = useCallback(async () => {
    const { length } = latest.current.rows;
    if (length > SHORT_LIST) {
      show((last) => ({ ...last, isOutdated: true }));
      return;
    }
    question.current += 1;
    await read(EMPTY, Math.max(FIRST_PAGE, length));
  }, [read, show]);
  const pace = useMemo(() => createPace(readAgain), [readAgain]);

  const refresh = useCallback(() => {
    if (document.visibilityState === "visible") pace.ask();
    else isMissed.current = true;
  }, [pace]);

  const applyAll = (events: readonly ChangeEvent[]): void => {
    const { rows, cursor, total } = latest.current;
    if (total === null) return;
    const list = { isWhole: cursor === null, isSearched: text.trim() !== "" };
    let now: AppliedEvent = { rows, isOutdated: false };
    for (const event of events) {
      const applied = applyEvent(now.rows, event, list);
      now = { rows: applied.rows, isOutdated: now.isOutdated || applied.isOutdated };
    }
    if (now.rows !== rows) show((last) => ({ ...last, rows: now.rows }));
    // An answer that is being read may be older than the events.
    if (now.isOutdated || (now.rows !== rows && isBusy.current)) refresh();
  };

  const begin = useCallback(() => {
    const kept = findRows({ text, sort });
    if (kept === null) readToPlace();
    else if (kept.rows.length <= SHORT_LIST) void readAgain();
    else void checkTotal();
    // The list is too long to be read again by itself; only the number of VMs is checked.
    async function checkTotal(): Promise<void> {
      const asked = question.current;
      const total = await readTotal(client, parseSearch(text));
      if (asked !== question.current) return;
      show((last) => ({ ...last, isLoading: false, isOutdated: total !== null && total !== last.total }));
    }
  }, [client, text, sort, show, readToPlace, readAgain]);

  useEffect(() => {
    begin();
    const onVisible = (): void => {
      if (isMissed.current && document.visibilityState === "visible") pace.ask();
      isMissed.current = false;
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      pace.stop();
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
      waiting.current = [];
      document.removeEventListener("visibilitychange", onVisible);
      const { rows, cursor, total } = latest.current;
      if (total !== null) keepRows({ text, sort }, { rows, cursor, total });
    };
  }, [begin, pace, text, sort]);

  return {
    ...state,
    hasMore: state.cursor !== null,
    reload,
    refresh,
    retry: () => {
      if (isBusy.current) return;
      const { rows, total } = latest.current;
      if (total === null) readToPlace();
      else void (rows.length > SHORT_LIST ? read(latest.current, NEXT_PAGE) : readAgain());
    },
    loadMore: () => {
      const { cursor, problem } = latest.current;
      if (cursor === null || problem !== null || isBusy.current) return;
      show((last) => ({ ...last, isLoading: true }));
      void read(latest.current, NEXT_PAGE);
    },
    apply: (event) => {
      waiting.current.push(event);
      timer.current ??= setTimeout(() => {
        timer.current = null;
        applyAll(waiting.current.splice(0));
      }, GATHER_MS);
    },
  };
}

interface State extends Pick<VmPages, "rows" | "total" | "isLoading" | "isOutdated" | "problem"> {
  readonly cursor: string | null;
}

const EMPTY: State = {
  ...{ rows: [], cursor: null, total: null },
  ...{ isLoading: true, isOutdated: false, problem: null },
};
