import type { TypedDocumentNode } from "@urql/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { readProblem, type Problem } from "../api/problem.js";

/** The answer to a question that may be asked again. */
export interface Answer<Data> {
  readonly data: Data | null;
  readonly problem: Problem | null;
  readonly isLoading: boolean;
  /** Asks again; what is shown stays until the answer is there. Calls while an answer is awaited ask once more in all. */
  readonly reload: () => void;
}

interface State<Data> extends Pick<Answer<Data>, "data" | "problem" | "isLoading"> {
  readonly key: string;
}

/** Asks a question as soon as it is known, and again whenever the page comes back to the front. */
export function useAnswer<Data, Variables extends Record<string, unknown>>(
  question: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Answer<Data> {
  const client = useClient();
  const key = JSON.stringify(variables);
  const [state, setState] = useState<State<Data>>(() => createEmpty(key));
  /** The question that is being asked; another one makes its answer void. */
  const asking = useRef<{ isAskedAgain: boolean } | null>(null);

  const reload = useCallback(() => {
    const ask = async (): Promise<void> => {
      const mine = { isAskedAgain: false };
      asking.current = mine;
      const { data, error } = await client
        .query<Data, Variables>(question, JSON.parse(key) as Variables)
        .toPromise();
      if (asking.current !== mine) return;
      asking.current = null;
      setState((last) => ({
        key,
        data: data ?? (last.key === key ? last.data : null),
        problem: readProblem(error),
        isLoading: false,
      }));
      if (mine.isAskedAgain) await ask();
    };
    if (asking.current === null) void ask();
    else asking.current.isAskedAgain = true;
  }, [client, question, key]);

  useEffect(() => {
    reload();
    const onVisible = (): void => {
      if (document.visibilityState === "visible") reload();
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      asking.current = null;
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [reload]);

  return { ...(state.key === key ? state : createEmpty<Data>(key)), reload };
}

function createEmpty<Data>(key: string): State<Data> {
  return { key, data: null, problem: null, isLoading: true };
}
