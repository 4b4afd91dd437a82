/** Runs a task again and again, as often as it is asked for but never too often. */
export interface Pace {
  /** Wants the task to be run: soon, if it did not run lately; else once the pause after its last run is over. */
  readonly ask: () => void;
  /** Forgets what was asked for. */
  readonly stop: () => void;
}

/** So long what comes together is waited for. */
const GATHER_MS = 200;

/** A task rests for so long at least after a run. */
const LEAST_REST_MS = 1_000;

/** A task rests for so many times as long as its run took: a slow server has nine tenths of its time for others. */
const REST_SHARE = 9;

const LONGEST_REST_MS = 30_000;

/** Creates the pace of a task. However often it is asked for, it runs once at a time, and rests between two runs. */
export function createPace(task: () => Promise<unknown>): Pace {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isRunning = false;
  let isWanted = false;
  let readyAt = 0;
  // Asked for while it ran, which the compiler cannot see.
  const isAsked = (): boolean => isWanted;
  const run = async (): Promise<void> => {
    timer = null;
    [isRunning, isWanted] = [true, false];
    const startedAt = performance.now();
    try {
      await task();
    } finally {
      const now = performance.now();
      const restMs = Math.min(LONGEST_REST_MS, Math.max(LEAST_REST_MS, (now - startedAt) * REST_SHARE));
      readyAt = now + restMs;
      isRunning = false;
      if (isAsked()) ask();
    }
  };
  const ask = (): void => {
    isWanted = true;
    if (isRunning || timer !== null) return;
    timer = setTimeout(() => void run(), Math.max(GATHER_MS, readyAt - performance.now()));
  };
  return {
    ask,
    stop: () => {
      isWanted = false;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
