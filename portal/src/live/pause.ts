/** Waits for a time, until the browser has a network again, or until the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener("online", end);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

/** The pauses after failures: each is twice the one before, up to the longest. */
export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * Waits before the next try, after this number of failures in a row. The pause is random, so that pages which lost
 * their server together do not come back together.
 */
export function pauseAfterFailures(
  failures: number,
  { firstMs, longestMs }: Backoff,
  signal: AbortSignal,
): Promise<void> {
  const ms = Math.min(longestMs, firstMs * 2 ** failures);
  return pause(ms * (0.5 + Math.random() / 2), signal);
}
