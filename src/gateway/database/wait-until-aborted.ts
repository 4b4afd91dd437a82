/**
 * Waits for work, or rejects when the signal is aborted. The work itself, such as the resolution of a name, cannot be
 * stopped.
 */
export async function waitUntilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => {
      reject(new Error("stopped while the database was opened", { cause: signal.reason }));
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { signal: done.signal });
  });
  work.catch(() => undefined);
  try {
    await Promise.race([work, aborted]);
  } finally {
    done.abort();
  }
}
