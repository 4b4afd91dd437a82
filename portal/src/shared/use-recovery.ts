import { useEffect, useRef } from "react";
import type { Problem } from "../api/problem.js";
import { pause } from "../live/pause.js";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Asks again by itself after a failure that passes, sooner at first and later then, or once the browser has a network
 * again. Pages that lost their server together do not come back together.
 */
export function useRecovery(problem: Problem | null, retry: () => void): void {
  const failures = useRef(0);
  const latest = useRef(retry);
  latest.current = retry;
  useEffect(() => {
    if (problem?.passes !== true) {
      if (problem === null) failures.current = 0;
      return undefined;
    }
    const stopped = new AbortController();
    const longestMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures.current);
    failures.current += 1;
    void pause(longestMs * (0.5 + Math.random() / 2), stopped.signal).then(() => {
      if (!stopped.signal.aborted) latest.current();
    });
    return () => {
      stopped.abort();
    };
  }, [problem]);
}
