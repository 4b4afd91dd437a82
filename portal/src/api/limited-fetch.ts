/**
 * Creates a `fetch` that gives up after a time. Browsers wait many minutes for an answer over a connection that is only
 * silent, such as after the machine has slept.
 */
export function createLimitedFetch(longestMs: number): typeof fetch {
  return (url, request) => {
    const signals = [AbortSignal.timeout(longestMs), ...(request?.signal ? [request.signal] : [])];
    return fetch(url, { ...request, signal: AbortSignal.any(signals) });
  };
}
