import type { TypedDocumentNode } from "@urql/core";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useClient } from "urql";
import { readProblem, type Problem } from "../../api/problem.js";
import { createPace } from "./pace.js";

/** The answer to a question that may be asked again. */
export interface Answer<Data> {
  readonly data: Data | null;
  readonly problem: Problem | null;
  readonly isLoading: boolean;
  /**
   * Asks again. The old answer stays on the screen until the new one is there. Calls during a question ask only once
   * more.
   */
  readonly reload: () => void;
  /**
   * Asks again soon, because something has changed; several calls ask once. A page that nobody sees waits until it is
   * seen.
   */
  readonly reloadSoon: () => void;
}

interface State<Data> extends Omit<Answer<Data>, "reload" | "reloadSoon"> {
  readonly key: string;
}

/**
 * Asks a question as soon as it is known, and again whenever the page comes back to the front. An answer to a question
 * about the same subject stays until the next one is there, such as while more of a list is read.
 */
export function useAnswer<Data, Variables extends Record<string, unknown>>(
  question: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  about: string = JSON.stringify(variables),
): Answer<Data> {
  const client = useClient();
  const key = JSON.stringify(variables);
  const read = useCallback(async (): Promise<Reading<Data>> => {
    const { data, error } = await client
      .query<Data, Variables>(question, JSON.parse(key) as Variables)
      .toPromise();
    return { data: data ?? null, problem: readProblem(error) };
  }, [client, question, key]);
  return useReading(about, read);
}

/** The result of one attempt to read something. */
export type Reading<Data> = Pick<Answer<Data>, "data" | "problem">;

/** Reads something as soon as its `key` is known, and again whenever the page comes back to the front. */
export function useReading<Data>(key: string, read: () => Promise<Reading<Data>>): Answer<Data> {
  const [state, setState] = useState<State<Data>>(() => createEmpty(key));
  /** The question that is being asked. A newer question makes its answer invalid. */
  const asking = useRef<{ isAskedAgain: boolean } | null>(null);

  const ask = useCallback(async (): Promise<void> => {
    const mine = { isAskedAgain: false };
    asking.current = mine;
    const { data, problem } = await read();
    if (asking.current !== mine) return;
    asking.current = null;
    setState((last) => ({
      key,
      data: data ?? (last.key === key ? last.data : null),
      problem,
      isLoading: false,
    }));
    if (mine.isAskedAgain) await ask();
  }, [read, key]);
  const reload = useCallback(() => {
    if (asking.current === null) void ask();
    else asking.current.isAskedAgain = true;
  }, [ask]);
  const pace = useMemo(() => createPace(ask), [ask]);
  const reloadSoon = useCallback(() => {
    if (document.visibilityState === "visible") pace.ask();
  }, [pace]);

  useEffect(() => {
    reload();
    const onVisible = (): void => {
      if (document.visibilityState === "visible") reload();
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      asking.current = null;
      pace.stop();
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [reload, pace]);

  return { ...(state.key === key ? state : createEmpty<Data>(key)), reload, reloadSoon };
}

function createEmpty<Data>(key: string): State<Data> {
  return { key, data: null, problem: null, isLoading: true };
}
