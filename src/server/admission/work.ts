import type { Deadline } from "./deadline.js";
import type { Places, Release } from "./places.js";

/** The place of one piece of work. It has one owner, `runInPlace`, and may be exchanged for another while it is held. */
export interface HeldPlace {
  /**
   * Gives the place back, waits for one among `places`, and holds that instead. Rejects with 503 when half of the time that
   * was left is gone: the work would begin too late to end in time, and of many that wait all would begin at the deadline.
   */
  exchange(places: Places, weight: number): Promise<void>;
}

/**
 * Waits for a place and runs the job in it. Rejects as soon as the deadline expires, whatever the job does then. The
 * place is given back, whichever comes first:
 * 1. when the job has ended, well or not;
 * 2. at the deadline, although a job that hangs goes on hanging;
 * 3. when `answered` resolves: what is left then is sending, which needs no place.
 * A client that has gone does not end the job; what it reads meanwhile holds the place, until 1 or 2.
 */
export async function runInPlace<Result>(
  places: Places,
  deadline: Deadline,
  answered: Promise<unknown>,
  job: (place: HeldPlace) => Promise<Result>,
): Promise<Result> {
  let release: Release | null = null;
  let isOver = false;
  const take = async (from: Places, weight: number, signal = deadline.signal): Promise<void> => {
    release?.();
    release = null;
    const taken = await from.enter(signal, weight);
    if (isOver) taken();
    else release = taken;
    deadline.check();
  };
  const exchange = async (other: Places, weight: number): Promise<void> => {
    const patience = new AbortController();
    const giveUp = (): void => {
      patience.abort();
    };
    const impatience = setTimeout(giveUp, Math.min(deadline.leftMs() * PATIENCE, LONGEST_TIMER_MS));
    deadline.signal.addEventListener("abort", giveUp, { once: true });
    if (deadline.signal.aborted) giveUp();
    try {
      await take(other, weight, patience.signal);
    } finally {
      clearTimeout(impatience);
      deadline.signal.removeEventListener("abort", giveUp);
    }
  };
  const timer = Number.isFinite(deadline.leftMs()) ? setTimeout(end, deadline.leftMs()) : undefined;
  function end(): void {
    isOver = true;
    clearTimeout(timer);
    release?.();
    release = null;
  }
  try {
    await take(places, 1);
  } catch (error) {
    end();
    throw error;
  }
  const running = startJob(() => job({ exchange }));
  running.then(end, end);
  void answered.then(end);
  return await Promise.race([running, deadline.expired.then(throwError)]);
}

/** The share of its time that a request may wait for room among heavy ones. */
const PATIENCE = 0.5;

/** What a timer can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Starts a job. One that throws at once counts as one that rejects. */
async function startJob<Result>(job: () => Promise<Result>): Promise<Result> {
  return job();
}

function throwError(error: Error): never {
  throw error;
}
