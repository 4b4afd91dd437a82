import { useState } from "react";
import { useMutation } from "urql";
import { createLimitedFetch } from "../api/limited-fetch.js";
import { readProblem, type Problem } from "../api/problem.js";
import { RefreshHostMutation } from "../api/queries.js";
import { readSession } from "../identity/session.js";

/** Polls hosts at a person's wish, if the person may do that. */
export interface Refresh {
  /** The host that is being asked. */
  readonly busyId: string | null;
  readonly failure: Problem | null;
  /** Why the person who is signed in may not do this; `null`: no refusal is known. */
  readonly refusal: string | null;
  readonly refreshNow: (id: string) => Promise<void>;
}

/** The last refusal, with the session that got it. It is only in memory, so a page that is loaded again tries again. */
let refused: { readonly session: number; readonly message: string } | null = null;

/** A poll waits for its host, so it may take longer than other requests. */
const WAITING = { fetch: createLimitedFetch(120_000) };

/** Polls hosts. The first refusal tells a person who may not; after that the button is not offered. */
export function useRefresh(onDone: () => void): Refresh {
  const [, refresh] = useMutation(RefreshHostMutation);
  const [busyId, setBusyId] = useState<string | null>(null);
  const [failure, setFailure] = useState<Problem | null>(null);
  const refreshNow = async (id: string): Promise<void> => {
    const session = readSession();
    if (busyId !== null || refused?.session === session) return;
    setBusyId(id);
    const answer = await refresh({ id }, WAITING);
    const problem = readProblem(answer.error);
    if (problem?.kind === "forbidden") refused = { session, message: problem.message };
    // A poll is never repeated by itself, only by the person.
    setFailure(problem === null || problem.kind === "forbidden" ? null : { ...problem, passes: false });
    setBusyId(null);
    onDone();
  };
  const refusal = refused?.session === readSession() ? refused.message : null;
  return { busyId, failure, refusal, refreshNow };
}
