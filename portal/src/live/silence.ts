/** Watches for an answer that does not come. */
export interface AnswerWatch {
  /** Begins to wait for an answer. */
  readonly expect: () => void;
  /** Ends the wait: the answer is there, or is not wanted any more. */
  readonly settle: () => void;
}

/** The time in which a server that works answers. */
const LONGEST_MS = 10_000;

/**
 * Creates a watch that calls back if an answer does not come in time. Browsers do not notice a connection that is only
 * silent for many minutes: the machine has slept, or a firewall has forgotten the connection.
 */
export function createAnswerWatch(onSilence: () => void): AnswerWatch {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const settle = (): void => {
    clearTimeout(timer);
  };
  return {
    expect: () => {
      settle();
      timer = setTimeout(onSilence, LONGEST_MS);
    },
    settle,
  };
}
