/**
 * Creates a function whose callers share runs. All who call while a run is active share the next one, which begins after
 * it. So no caller gets a result that is older than its call, and a thousand callers at once cost two runs.
 */
export function shareNext<Result>(run: () => Promise<Result>): SharedRun<Result> {
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<Result> | null = null;
  const call = (): Promise<Result> => {
    if (next !== null) return next;
    const before = current;
    const mine = (async () => {
      await before.catch(() => undefined);
      next = null;
      return run();
    })();
    next = mine;
    current = mine;
    return mine;
  };
  return Object.assign(call, {
    waitUntilIdle: () => current.then(ignore, ignore),
  });
}

/** Starts a run, or joins the next one. */
export interface SharedRun<Result> {
  (): Promise<Result>;
  /** Resolves when all runs so far have ended. */
  readonly waitUntilIdle: () => Promise<void>;
}

function ignore(): void {
  // The callers got the result or the error already.
}
