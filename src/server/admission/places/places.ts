import { HttpError } from "../../errors.js";
import { createFairQueue } from "../../../model/fair-queue.js";
import { createStartTurns, type StartTurns } from "./start-turns.js";

/** Gives a place back. Calling it more than once does no harm. */
export type Release = () => void;

/** A bounded number of places for work. Whoever comes later waits in a queue, which is bounded and fair. */
export interface Places {
  /** The weight that runs now: the number of requests where each weighs 1. */
  readonly running: number;
  readonly waiting: number;
  /**
   * Resolves when there is room for `weight`, with the function that gives the place back. Owners take turns; the requests of
   * one owner are served in their order. Rejects with 503 as soon as `signal` is aborted. If too many wait, the last request
   * of the owner with most of them is rejected.
   */
  enter(signal: AbortSignal, weight?: number, owner?: string): Promise<Release>;
  /** Takes a place if there is room and nobody waits; `null`: the caller has to wait. */
  enterNow(weight: number): Release | null;
  /** Tells whether all places are taken and none has been given for longer than this. */
  isStuck(longerThanMs: number): boolean;
}

interface Waiter {
  readonly weight: number;
  readonly start: () => void;
  readonly refuse: () => void;
}

/**
 * Creates places that are all free. `running` bounds the weight of what runs; a heavier request runs alone. Work starts in
 * its turns; rooms that share the same turns take turns, too.
 */
export function createPlaces(
  limits: { running: number; waiting: number },
  turns: StartTurns = createStartTurns(),
): Places {
  const queue = createFairQueue<Waiter>(limits.waiting);
  let running = 0;
  let lastStartAt = performance.now();

  const hasRoom = (weight: number): boolean => running === 0 || running + weight <= limits.running;
  // Where nobody may wait, nobody waits for a turn either.
  const mayStart = (): boolean => limits.waiting === 0 || turns.mayStart();
  const startNext = (): boolean => {
    const next = queue.findNext();
    if (next === undefined || !hasRoom(next.weight)) return false;
    next.start();
    return true;
  };
  const scheduleNext = (): void => {
    if (queue.size > 0) turns.schedule(startNext);
  };
  const take = (weight: number): Release => {
    running += weight;
    lastStartAt = performance.now();
    turns.noteStart();
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      running -= weight;
      scheduleNext();
    };
  };

  const enterNow = (weight: number): Release | null =>
    queue.size === 0 && hasRoom(weight) && mayStart() ? take(weight) : null;

  return {
    enterNow,
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
    enter(signal, weight = 1, owner = "") {
      if (signal.aborted) return Promise.reject(createOverloadedError());
      const taken = enterNow(weight);
      if (taken !== null) return Promise.resolve(taken);
      return new Promise((resolve, reject) => {
        const stopWaiting = (): void => {
          signal.removeEventListener("abort", abandon);
          queue.remove(owner, waiter);
        };
        const waiter: Waiter = {
          weight,
          start: () => {
            stopWaiting();
            resolve(take(weight));
          },
          refuse: () => {
            stopWaiting();
            reject(createOverloadedError());
          },
        };
        const abandon = (): void => {
          waiter.refuse();
          // A heavy one whose turn it was may have kept lighter ones waiting.
          scheduleNext();
        };
        signal.addEventListener("abort", abandon, { once: true });
        // Nobody is refused while a place is free, whoever's turn it is.
        if (queue.size >= limits.waiting) startNext();
        queue.add(owner, waiter)?.refuse();
        scheduleNext();
      });
    },
    isStuck: (longerThanMs) =>
      (running >= limits.running || queue.size > 0) && performance.now() - lastStartAt > longerThanMs,
  };
}

/** Creates the refusal of a request for which there is no room: 503, with the time after which to try again. */
export function createOverloadedError(): HttpError {
  return new HttpError(503, "OVERLOADED", "Too many requests at once. Try again in a second.");
}
