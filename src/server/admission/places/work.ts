import type { Deadline } from "../deadline.js";
import type { Places, Release } from "./places.js";

/** The place of one piece of work. It has one owner, `runInPlace`, and may be exchanged for another while it is held. */
export interface HeldPlace {
  /**
   * Gives the place back, waits for one among `places`, and holds that instead. Rejects with 503 when half of the time
   * that was left is gone: later, the work could not end in time, and all that wait would begin together at the
   * deadline.
   */
  exchange(places: Places, weight: number): Promise<void>;
}

/**
 * Waits for a place in the owner's turn and runs the job in it. Rejects as soon as the deadline expires, whatever the job
 * does then. The place is given back at the first of these:
 * 1. when the job has ended, well or not;
 * 2. at the deadline, even if the job hangs;
 * 3. when `answered` resolves: only sending is left then, which needs no place. `null`: the answer is ready when the
 *    job ends.
 *
 * A client that leaves does not end the job: it holds the place until 1 or 2, since it may still read.
 */
export async function runInPlace<Result>(
  places: Places,
  deadline: Deadline,
  answered: Promise<unknown> | null,
  job: (place: HeldPlace) => Promise<Result>,
  owner = "",
): Promise<Result> {
  const held = new Holding(deadline, null, owner);
  try {
    await held.take(places, 1, deadline);
  } catch (error) {
    held.end();
    throw error;
  }
  return runHeld(held, deadline, answered, job);
}

/** Runs the job in a place that the caller has waited for. The place is given back as {@link runInPlace} does. */
export function runInTakenPlace<Result>(
  release: Release,
  deadline: Deadline,
  job: () => Promise<Result>,
): Promise<Result> {
  return runHeld(new Holding(deadline, release), deadline, null, job);
}

async function runHeld<Result>(
  held: Holding,
  deadline: Deadline,
  answered: Promise<unknown> | null,
  job: (place: HeldPlace) => Promise<Result>,
): Promise<Result> {
  const running = startJob(() => job(held));
  const end = (): void => {
    held.end();
  };
  running.then(end, end);
  void answered?.then(end);
  // The place comes back at the deadline, even if the request ends earlier because its client leaves.
  const stopListening = deadline.onEnd(() => {
    held.endAfter(deadline.getLeftMs());
  });
  held.onceEnded(stopListening);
  return await deadline.race(running);
}

/** The place that a piece of work holds at the moment. */
class Holding implements HeldPlace {
  private isOver = false;
  private timer: NodeJS.Timeout | undefined;
  private tellEnded: () => void = () => undefined;

  constructor(
    private readonly deadline: Deadline,
    private release: Release | null,
    private readonly owner = "",
  ) {}

  async take(from: Places, weight: number, until: { readonly signal: AbortSignal }): Promise<void> {
    this.release?.();
    this.release = null;
    // The signal is created only if it has to wait: creating one costs more than all the rest here.
    const now = this.deadline.isOver() ? null : from.enterNow(weight);
    const taken = now ?? (await from.enter(until.signal, weight, this.owner));
    if (this.isOver) taken();
    else this.release = taken;
    this.deadline.check();
  }

  async exchange(other: Places, weight: number): Promise<void> {
    const { deadline } = this;
    const patience = new AbortController();
    const giveUp = (): void => {
      patience.abort();
    };
    const impatience = setTimeout(giveUp, Math.min(deadline.getLeftMs() * PATIENCE, LONGEST_TIMER_MS));
    const stopListening = deadline.onEnd(giveUp);
    try {
      await this.take(other, weight, patience);
    } finally {
      clearTimeout(impatience);
      stopListening();
    }
  }

  onceEnded(listener: () => void): void {
    if (this.isOver) listener();
    else this.tellEnded = listener;
  }

  endAfter(ms: number): void {
    if (this.isOver || ms === Infinity) return;
    if (ms === 0) this.end();
    else
      this.timer = setTimeout(() => {
        this.end();
      }, ms);
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    this.release?.();
    this.release = null;
    this.tellEnded();
  }
}

/** The share of its time that a request may wait for room among heavy ones. */
export const PATIENCE = 0.5;

/** The longest time that a timer can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Starts a job. One that throws at once counts as one that rejects. */
async function startJob<Result>(job: () => Promise<Result>): Promise<Result> {
  return job();
}
