import { useState } from "react";
import { useMutation } from "urql";
import { readProblem, type Problem } from "../api/problem.js";
import { RefreshHostMutation } from "../api/queries.js";
import { readSession } from "../identity/session.js";

/** Asks hosts now, for those who may. */
export interface Refresh {
  /** The host that is being asked. */
  readonly busyId: string | null;
  readonly failure: Problem | null;
  /** Why who is signed in may not; `null`: nothing is known against it. */
  readonly refusal: string | null;
  readonly refreshNow: (id: string) => Promise<void>;
}

/** The refusal and whom it was said to. It is in memory alone: a page that is loaded again tries again. */
let refused: { readonly session: number; readonly message: string } | null = null;

/** Asks hosts now. Somebody who may not learns that from the first refusal, and is not invited again. */
export function useRefresh(onDone: () => void): Refresh {
  const [, refresh] = useMutation(RefreshHostMutation);
  const [busyId, setBusyId] = useState<string | null>(null);
  const [failure, setFailure] = useState<Problem | null>(null);
  const refreshNow = async (id: string): Promise<void> => {
    const session = readSession();
    if (busyId !== null || refused?.session === session) return;
    setBusyId(id);
    const answer = await refresh({ id });
    const problem = readProblem(answer.error);
    if (problem?.kind === "forbidden") refused = { session, message: problem.message };
    // Only who has asked for it asks for it again.
    setFailure(problem === null || problem.kind === "forbidden" ? null : { ...problem, passes: false });
    setBusyId(null);
    onDone();
  };
  const refusal = refused?.session === readSession() ? refused.message : null;
  return { busyId, failure, refusal, refreshNow };
}
