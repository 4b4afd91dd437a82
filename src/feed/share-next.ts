/**
 * Makes those who call while a run is under way share the next one, which begins after it. So what a caller gets is never
 * older than its call, and a thousand callers at once cost two runs.
 */
export function shareNext<Result>(run: () => Promise<Result>): SharedRun<Result> {
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<Result> | null = null;
  let pending = 0;
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
    pending += 1;
    void mine
      .catch(() => undefined)
      .then(() => {
        pending -= 1;
      });
    return mine;
  };
  return Object.assign(call, { isIdle: () => pending === 0, whenIdle: () => current.then(ignore, ignore) });
}

/** Calls a run, or shares it. */
export interface SharedRun<Result> {
  (): Promise<Result>;
  /** `true`: no run is under way or awaited. */
  readonly isIdle: () => boolean;
  /** Resolves when the runs that were called for have ended. */
  readonly whenIdle: () => Promise<void>;
}

function ignore(): void {
  // How it ended, its callers were told.
}
