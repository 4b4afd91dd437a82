import { useEffect, useRef, useState } from "react";
import type { Problem } from "../api/problem.js";
import { useToken } from "../identity/session.js";
import { NOW, type Subject } from "./follow-events.js";
import { findLiveConnection } from "./live-connection.js";
import type { FollowerState } from "./live-state.js";
import { useFollowing } from "./use-events.js";

/** An answer with the cursor of the last change that it shows. */
export interface PlacedAnswer {
  /** `null`: the server keeps no changes, or could not read the cursor. */
  readonly changeCursor: string | null;
}

/** The answer on the screen. It stays the same object until another one is read. */
interface Read {
  readonly data: PlacedAnswer | null;
  readonly problem: Problem | null;
}

/**
 * Follows the changes behind the answer that was read first. None is missed in between, so nothing has to be read
 * twice. If the server cannot continue there, the question is asked again, and followed behind the new answer.
 */
export function useEventsBehind<Data, Event>(
  { data, problem }: Read,
  subject: Subject<Data, Event>,
  { onEvent, readAgain }: { readonly onEvent: (event: Event) => void; readonly readAgain: () => void },
): void {
  const [begun, setBegun] = useState<{ readonly after: string; readonly round: number } | null>(null);
  const rounds = useRef(0);
  /** The answer behind which the server could not continue. */
  const lost = useRef<PlacedAnswer | null>(null);
  const isPlaced = data !== null && (data.changeCursor !== null || problem === null);
  if (begun === null && isPlaced && data !== lost.current) {
    rounds.current += 1;
    setBegun({ after: data.changeCursor ?? NOW, round: rounds.current });
  }
  useAwaited(begun === null ? (problem === null ? "opening" : "failing") : null);
  const following = begun && { ...subject, after: begun.after };
  const key = begun && JSON.stringify([begun.round, subject.variables]);
  useFollowing(following, key, {
    onEvent,
    onReset: readAgain,
    onLost: () => {
      lost.current = data;
      setBegun(null);
      readAgain();
    },
  });
}

/** Counts as a follower while there is no answer to follow behind yet; `null`: there is one. */
function useAwaited(state: FollowerState | null): void {
  const token = useToken();
  useEffect(() => {
    if (state === null) return undefined;
    const follower = findLiveConnection(token).enter();
    follower.setState(state);
    return follower.leave;
  }, [state, token]);
}
