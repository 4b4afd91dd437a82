import { HttpError } from "../../errors.js";
import { waitForPromises } from "../../wait-for-promises.js";
import { createFairQueue } from "./fair-queue.js";

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
 * Creates places that are all free. `running` bounds the weight of what runs; a heavier request runs alone.
 *
 * In one turn of the event loop, places are given for {@link TURN_MS}; then everything else is served. Work that finds all its data
 * in memory never waits. Without turns, hundreds of such requests would begin and end before anything else is read.
 */
export function createPlaces(limits: { running: number; waiting: number }): Places {
  const queue = createFairQueue<Waiter>(limits.waiting);
  let running = 0;
  let lastStartAt = performance.now();

  const hasRoom = (weight: number): boolean => running === 0 || running + weight <= limits.running;
  /** When this turn of the event loop began to give places; `null`: it has not. */
  let turnBeganAt: number | null = null;
  const isTurnOver = (): boolean =>
    // Where nobody may wait, nobody waits for a turn either.
    limits.waiting > 0 && turnBeganAt !== null && performance.now() - turnBeganAt > TURN_MS;
  const findStartable = (): Waiter | null => {
    const next = queue.findNext();
    return next !== undefined && hasRoom(next.weight) ? next : null;
  };
  const scheduleTurn = (): void => {
    if (turnBeganAt !== null) return;
    turnBeganAt = performance.now();
    setImmediate(() => {
      if (queue.size === 0) turnBeganAt = null;
      else void takeTurn();
    });
  };
  const takeTurn = async (): Promise<void> => {
    turnBeganAt = performance.now();
    for (let next = findStartable(); next !== null && !isTurnOver(); next = findStartable()) {
      next.start();
      await waitForPromises();
    }
    turnBeganAt = null;
    if (findStartable() !== null) scheduleTurn();
  };
  const take = (weight: number): Release => {
    running += weight;
    lastStartAt = performance.now();
    scheduleTurn();
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      running -= weight;
      if (queue.size > 0) scheduleTurn();
    };
  };

  const enterNow = (weight: number): Release | null =>
    queue.size === 0 && hasRoom(weight) && !isTurnOver() ? take(weight) : null;

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
          scheduleTurn();
        };
        signal.addEventListener("abort", abandon, { once: true });
        queue.add(owner, waiter)?.refuse();
      });
    },
    isStuck: (longerThanMs) =>
      (running >= limits.running || queue.size > 0) && performance.now() - lastStartAt > longerThanMs,
  };
}

/**
 * Time for work that never waits, before everything else is served. It is longer than the answers of some thirty busy
 * clients take, since waiting costs more than a small answer.
 */
export const TURN_MS = 15;

/** Creates the refusal of a request for which there is no room: 503, with the time after which to try again. */
export function createOverloadedError(): HttpError {
  return new HttpError(503, "OVERLOADED", "Too many requests at once. Try again in a second.", {
    "retry-after": "1",
  });
}
