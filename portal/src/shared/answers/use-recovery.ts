import { useEffect, useRef } from "react";
import type { Problem } from "../../api/problem.js";
import { pauseAfterFailures } from "../../live/pause.js";

const BACKOFF = { firstMs: 1_000, longestMs: 15_000 };

/**
 * Asks again by itself after a failure that may pass, and once the browser has a network again. The pauses grow, and
 * are random, so that pages which lost their server together do not come back together.
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
    void pauseAfterFailures(failures.current, BACKOFF, stopped.signal).then(() => {
      if (!stopped.signal.aborted) latest.current();
    });
    failures.current += 1;
    return () => {
      stopped.abort();
    };
  }, [problem]);
}
