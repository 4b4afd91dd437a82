import { HttpError } from "../errors.js";

/** Lets a bounded number of requests run and a bounded number wait; all others are told to come back. */
export interface Admission {
  readonly running: number;
  readonly waiting: number;
  /** Resolves when the request may run, with the function that gives its place back. Rejects at once if too many wait. */
  enter(signal: AbortSignal): Promise<() => void>;
}

/** Makes an admission gate with nobody in it. */
export function createAdmission(limits: { running: number; waiting: number }): Admission {
  const queue = new Set<() => void>();
  let running = 0;

  const leave = (): void => {
    running--;
    const [next] = queue;
    if (next !== undefined) next();
  };
  const start = (): (() => void) => {
    running++;
    let left = false;
    return () => {
      if (!left) leave();
      left = true;
    };
  };

  return {
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
    enter(signal) {
      if (running < limits.running) return Promise.resolve(start());
      if (queue.size >= limits.waiting) return Promise.reject(overloaded());
      return new Promise((resolve, reject) => {
        const turn = (): void => {
          queue.delete(turn);
          signal.removeEventListener("abort", abandon);
          resolve(start());
        };
        const abandon = (): void => {
          queue.delete(turn);
          reject(overloaded());
        };
        queue.add(turn);
        signal.addEventListener("abort", abandon, { once: true });
        if (signal.aborted) abandon();
      });
    },
  };
}

/** The answer when there is no room: 503 with the time after which to try again. */
export function overloaded(): HttpError {
  return new HttpError(503, "OVERLOADED", "Too many requests at once. Try again in a second.", {
    "retry-after": "1",
  });
}
