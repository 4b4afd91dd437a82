import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useClient } from "urql";
import type { ResultOf } from "../api/graphql.js";
import { readProblem, type Problem } from "../api/problem.js";
import { VmCountQuery, VmPageQuery, type VmRowFields } from "../api/queries.js";
import type { ChangeEvent } from "../live/subjects.js";
import type { Sort } from "../route.js";
import { createPace } from "../shared/pace.js";
import { applyEvent, type AppliedEvent } from "./apply-event.js";
import { parseSearch, type Search } from "./search.js";
import { SHORT_LIST, toFilter } from "./vm-filter.js";

/** One row of the list. */
export type VmListRow = ResultOf<typeof VmRowFields>;

/** The rows that have been read so far, and how to read more. */
export interface VmPages {
  readonly rows: readonly VmListRow[];
  readonly total: number | null;
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  /** The list is too long to be read again unasked, and another one by now. */
  readonly isOutdated: boolean;
  readonly problem: Problem | null;
  readonly loadMore: () => void;
  readonly reload: () => void;
  /** Reads what could not be read; what is shown stays until the answer is there. */
  readonly retry: () => void;
  /** Shows what an event tells. */
  readonly apply: (event: ChangeEvent) => void;
  /** Reads again what is shown, without showing that. */
  readonly refresh: () => void;
}

/** Rows of the first page: enough for two screens, so that they are there soon. */
const FIRST_PAGE = 100;

/** Rows of further pages: so many that scrolling rarely waits. */
const NEXT_PAGE = 250;

/** What changes meanwhile is shown together: however much that is, the page is drawn a few times a second. */
const GATHER_MS = 150;

/** Reads the VMs that a search finds, page by page, each page behind the last cursor. */
export function useVmPages(text: string, sort: Sort): VmPages {
  const client = useClient();
  const [state, setState] = useState<State>(EMPTY);
  const latest = useRef(state);
  latest.current = state;
  /** Raised by every new question: an answer of an older one is dropped. */
  const question = useRef(0);
  const isBusy = useRef(false);
  /** What is told and not shown yet. */
  const waiting = useRef<ChangeEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  /** The list has changed while nobody saw the page. */
  const isMissed = useRef(false);

  const read = useCallback(
    async (from: State, first: number) => {
      const asked = question.current;
      const search = parseSearch(text);
      isBusy.current = true;
      const [page, total] = await Promise.all([
        readPage(client, search, { sort, first, after: from.cursor }),
        from.cursor === null ? readTotal(client, search) : Promise.resolve(from.total),
      ]);
      if (asked !== question.current) return;
      isBusy.current = false;
      setState((last) => ({
        ...last,
        ...(page.problem === null && {
          rows: from.cursor === null ? page.rows : [...last.rows, ...page.rows],
          cursor: page.cursor,
          total,
        }),
        isLoading: false,
        isOutdated: from.cursor !== null && last.isOutdated,
        problem: page.problem,
      }));
    },
    [client, text, sort],
  );

  const reload = useCallback(() => {
    question.current += 1;
    setState(EMPTY);
    void read(EMPTY, FIRST_PAGE);
  }, [read]);

  const readAgain = useCallback(() => {
    question.current += 1;
    return read(EMPTY, Math.max(FIRST_PAGE, latest.current.rows.length));
  }, [read]);
  const pace = useMemo(() => createPace(readAgain), [readAgain]);

  const refresh = useCallback(() => {
    const { rows } = latest.current;
    if (rows.length > SHORT_LIST) {
      setState((last) => ({ ...last, isOutdated: true }));
      return;
    }
    if (document.visibilityState === "visible") pace.ask();
    else isMissed.current = true;
  }, [pace]);

  const applyAll = (events: readonly ChangeEvent[]): void => {
    const { rows, cursor, isLoading } = latest.current;
    if (isLoading && rows.length === 0) return;
    const list = { isWhole: cursor === null, isSearched: text.trim() !== "" };
    let now: AppliedEvent = { rows, isOutdated: false };
    for (const event of events) {
      const applied = applyEvent(now.rows, event, list);
      now = { rows: applied.rows, isOutdated: now.isOutdated || applied.isOutdated };
    }
    if (now.rows !== rows) setState((last) => ({ ...last, rows: now.rows }));
    latest.current = { ...latest.current, rows: now.rows };
    // An answer that is on its way may be older than the events.
    if (now.isOutdated || (now.rows !== rows && isBusy.current)) refresh();
  };

  useEffect(() => {
    reload();
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
    };
  }, [reload, pace]);

  return {
    ...state,
    hasMore: state.cursor !== null,
    reload,
    refresh,
    retry: () => {
      if (isBusy.current) return;
      const { rows } = latest.current;
      void (rows.length > SHORT_LIST ? read(latest.current, NEXT_PAGE) : readAgain());
    },
    loadMore: () => {
      if (state.cursor === null || state.problem !== null || isBusy.current) return;
      setState((last) => ({ ...last, isLoading: true }));
      void read(state, NEXT_PAGE);
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

type Page = Pick<State, "rows" | "cursor" | "problem">;

async function readPage(
  client: ReturnType<typeof useClient>,
  search: Search,
  page: { readonly sort: Sort; readonly first: number; readonly after: string | null },
): Promise<Page> {
  const { sort, first, after } = page;
  const variables = { first, after, filter: toFilter(search), orderBy: sort };
  const { data, error } = await client.query(VmPageQuery, variables).toPromise();
  const { hasNextPage = false, endCursor = null } = data?.vms?.pageInfo ?? {};
  return {
    rows: data?.vms?.nodes ?? [],
    cursor: hasNextPage ? endCursor : null,
    problem: readProblem(error),
  };
}

async function readTotal(client: ReturnType<typeof useClient>, search: Search): Promise<number | null> {
  const { data } = await client.query(VmCountQuery, { filter: toFilter(search) }).toPromise();
  return data?.vms?.totalCount ?? null;
}
