import { useCallback, useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { readProblem, type Problem } from "../api/problem.js";
import type { ResultOf, VariablesOf } from "../api/graphql.js";
import { VmCountQuery, VmPageQuery, type VmRowFields } from "../api/queries.js";
import type { Sort } from "../route.js";
import { parseSearch, type Search } from "./search.js";

/** One row of the list. */
export type VmListRow = ResultOf<typeof VmRowFields>;

type Filter = NonNullable<VariablesOf<typeof VmPageQuery>["filter"]>;

/** The rows that have been read so far, and how to read more. */
export interface VmPages {
  readonly rows: readonly VmListRow[];
  readonly total: number | null;
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  readonly problem: Problem | null;
  readonly loadMore: () => void;
  readonly reload: () => void;
}

/** Rows a page: enough for two screens, so that scrolling rarely waits. */
const PAGE_SIZE = 100;

/** Reads the VMs that a search finds, page by page, each page behind the last cursor. */
export function useVmPages(text: string, sort: Sort): VmPages {
  const client = useClient();
  const [state, setState] = useState<State>(EMPTY);
  /** Raised by every new question: an answer of an older one is dropped. */
  const question = useRef(0);
  const isBusy = useRef(false);

  const read = useCallback(
    async (from: State) => {
      const asked = question.current;
      const search = parseSearch(text);
      isBusy.current = true;
      setState({ ...from, isLoading: true });
      const [page, total] = await Promise.all([
        readPage(client, search, sort, from.cursor),
        from.cursor === null ? readTotal(client, search) : Promise.resolve(from.total),
      ]);
      if (asked !== question.current) return;
      isBusy.current = false;
      setState({
        rows: [...from.rows, ...page.rows],
        cursor: page.cursor,
        total,
        isLoading: false,
        problem: page.problem,
      });
    },
    [client, text, sort],
  );

  const reload = useCallback(() => {
    question.current += 1;
    void read(EMPTY);
  }, [read]);
  useEffect(reload, [reload]);

  return {
    ...state,
    hasMore: state.cursor !== null,
    reload,
    loadMore: () => {
      if (state.cursor !== null && !isBusy.current) void read(state);
    },
  };
}

interface State {
  readonly rows: readonly VmListRow[];
  readonly cursor: string | null;
  readonly total: number | null;
  readonly isLoading: boolean;
  readonly problem: Problem | null;
}

const EMPTY: State = { rows: [], cursor: null, total: null, isLoading: true, problem: null };

type Page = Pick<State, "rows" | "cursor" | "problem">;

async function readPage(
  client: ReturnType<typeof useClient>,
  search: Search,
  sort: Sort,
  after: string | null,
): Promise<Page> {
  const variables = { first: PAGE_SIZE, after, filter: toFilter(search), orderBy: sort };
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

/** The server's filter for a search: nothing is filtered in the browser. */
function toFilter(search: Search): Filter | null {
  switch (search.kind) {
    case "name":
      return { nameContains: search.text };
    case "address":
      return { ip: search.address };
    case "prefix":
      return { address: { inCidr: search.prefix } };
    case "mac":
      return { or: [{ nicMacAddress: search.mac }, { guestMacAddress: search.mac }] };
    default:
      return null;
  }
}
