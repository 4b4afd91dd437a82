import type { OperationResult, TypedDocumentNode } from "@urql/core";
import { useCallback, useRef } from "react";
import { useClient } from "urql";
import type { PlacedAnswer } from "../../live/use-events-behind.js";
import { readProblem } from "../../api/problem.js";
import { useReading, type Answer, type Reading } from "./use-answer.js";

/** A page of a list, as the server gives it. */
interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly totalCount: number | null;
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
}

/** The beginning of a list. */
interface Beginning<Node> extends Pick<Page<Node>, "nodes" | "totalCount">, PlacedAnswer {
  readonly hasMore: boolean;
}

/** The beginning of a list, and how to show more of it. */
export interface Pages<Node> extends Omit<Answer<Beginning<Node>>, "data"> {
  readonly list: Beginning<Node> | null;
  readonly showMore: () => void;
}

/** The variables that every question for a page has. */
interface PageVariables {
  readonly first?: number | null;
  readonly after?: string | null;
  /** Whether the page is the first one. Only that one says where it stands among the changes. */
  readonly isFirst: boolean;
}

/** A page's answer. The first one has the cursor of the last change that it shows. */
type PageAnswer = Partial<PlacedAnswer>;

/**
 * Reads a list from its beginning, as far as the reader wants to see. After a change all of it is read again, so that
 * everything on the screen has the same state, nothing twice and nothing left out.
 */
export function usePages<Data extends PageAnswer, Variables extends PageVariables, Node>(
  question: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, keyof PageVariables>,
  { size, pick }: { readonly size: number; readonly pick: (data: Data) => Page<Node> | null },
): Pages<Node> {
  const client = useClient();
  const key = JSON.stringify(variables);
  const picking = useRef(pick);
  picking.current = pick;
  const wanted = useRef({ key, count: size });
  if (wanted.current.key !== key) wanted.current = { key, count: size };
  const read = useCallback(async (): Promise<Reading<Beginning<Node>>> => {
    const { count } = wanted.current;
    let list: Beginning<Node> | null = null;
    let after: string | null = null;
    for (;;) {
      const before: readonly Node[] = list?.nodes ?? [];
      const first = Math.min(MOST, count - before.length);
      const asked: Variables = {
        ...(JSON.parse(key) as Variables),
        ...{ first, after, isFirst: list === null },
      };
      const { data, error }: OperationResult<Data, Variables> = await client
        .query(question, asked)
        .toPromise();
      const problem = readProblem(error);
      const page: Page<Node> | null = data === undefined ? null : picking.current(data);
      if (data === undefined || page === null) return { data: null, problem };
      const { endCursor, hasNextPage } = page.pageInfo;
      list = {
        nodes: [...before, ...page.nodes],
        totalCount: page.totalCount,
        hasMore: hasNextPage,
        // A later page shows all changes of the pages before it, and may show more.
        changeCursor: list === null ? (data.changeCursor ?? null) : list.changeCursor,
      };
      if (!hasNextPage || endCursor === null || list.nodes.length >= count) return { data: list, problem };
      after = endCursor;
    }
  }, [client, question, key]);
  const { data: list, reload, ...answer } = useReading(key, read);
  const showMore = useCallback(() => {
    wanted.current = { key, count: wanted.current.count + size };
    reload();
  }, [key, size, reload]);
  return { ...answer, list, reload, showMore };
}

/** The most rows that the server gives at once. */
const MOST = 500;
