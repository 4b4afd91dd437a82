/** Runs a task whenever it is asked for, but not too often. */
export interface Pace {
  /** Asks for a run of the task. It runs soon, or after the pause that follows its last run. */
  readonly ask: () => void;
  /** Cancels the run that was asked for. */
  readonly stop: () => void;
}

/** The time for which further requests are collected before a run. */
const GATHER_MS = 200;

/** The shortest pause after a run. */
const LEAST_REST_MS = 1_000;

/** The pause as a multiple of the run's duration: nine tenths of a slow server's time are left for others. */
const REST_SHARE = 9;

const LONGEST_REST_MS = 30_000;

/** Creates the pace of a task. It runs once at a time, with a pause between two runs, however often it is asked for. */
export function createPace(task: () => Promise<unknown>): Pace {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isRunning = false;
  let isWanted = false;
  let readyAt = 0;
  // It may have been asked for during the run, which the compiler cannot see.
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
