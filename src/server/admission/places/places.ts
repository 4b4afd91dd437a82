import { HttpError } from "../../errors.js";

/** Gives a place back. Calling it more than once does no harm. */
export type Release = () => void;

/** A bounded number of places for work. Whoever comes later waits in a queue, which is bounded too. */
export interface Places {
  /** The weight that runs now: the number of requests where each weighs 1. */
  readonly running: number;
  readonly waiting: number;
  /**
   * Resolves when there is room for `weight`, with the function that gives the place back. Rejects at once with 503 if too
   * many wait, and as soon as `signal` is aborted. First come, first served.
   */
  enter(signal: AbortSignal, weight?: number): Promise<Release>;
  /** Takes a place if there is room and nobody waits; `null`: the caller has to wait. */
  enterNow(weight: number): Release | null;
  /** Tells whether all places are taken and none has been given for longer than this. */
  isStuck(longerThanMs: number): boolean;
}

interface Waiter {
  readonly weight: number;
  readonly start: () => void;
}

/** Creates places that are all free. `running` bounds the weight of what runs; a heavier request runs alone. */
export function createPlaces(limits: { running: number; waiting: number }): Places {
  const queue = new Set<Waiter>();
  let running = 0;
  let lastStartAt = performance.now();

  const hasRoom = (weight: number): boolean => running === 0 || running + weight <= limits.running;
  const startWaiters = (): void => {
    for (const waiter of queue) {
      if (!hasRoom(waiter.weight)) return;
      queue.delete(waiter);
      waiter.start();
    }
  };
  const take = (weight: number): Release => {
    running += weight;
    lastStartAt = performance.now();
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      running -= weight;
      startWaiters();
    };
  };

  const enterNow = (weight: number): Release | null =>
    queue.size === 0 && hasRoom(weight) ? take(weight) : null;

  return {
    enterNow,
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
    enter(signal, weight = 1) {
      if (signal.aborted) return Promise.reject(createOverloadedError());
      const taken = enterNow(weight);
      if (taken !== null) return Promise.resolve(taken);
      if (queue.size >= limits.waiting) return Promise.reject(createOverloadedError());
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          weight,
          start: () => {
            signal.removeEventListener("abort", abandon);
            resolve(take(weight));
          },
        };
        const abandon = (): void => {
          queue.delete(waiter);
          reject(createOverloadedError());
          // A heavy one at the head of the queue may have kept lighter ones waiting.
          startWaiters();
        };
        queue.add(waiter);
        signal.addEventListener("abort", abandon, { once: true });
      });
    },
    isStuck: (longerThanMs) =>
      (running >= limits.running || queue.size > 0) && performance.now() - lastStartAt > longerThanMs,
  };
}

/** Creates the refusal of a request for which there is no room: 503, with the time after which to try again. */
export function createOverloadedError(): HttpError {
  return new HttpError(503, "OVERLOADED", "Too many requests at once. Try again in a second.", {
    "retry-after": "1",
  });
}
