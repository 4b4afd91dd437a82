import { createFairQueue } from "./fair-queue.js";
import type { LeaveSlot } from "./slots.js";

/** Limits how many tasks run at the same time. Owners take turns; tasks of one owner begin in the order in which they came. */
export interface FairSlots {
  /**
   * Begins a task when there is a slot for it, which the task gives back; never before this function has returned. Returns the
   * function that withdraws the task if it has not begun.
   */
  ask(owner: string, begin: (leave: LeaveSlot) => void): () => void;
  /** Resolves when there is a slot; `null`: the signal has ended the wait. */
  enter(owner: string, signal: AbortSignal): Promise<LeaveSlot | null>;
}

/** Creates `count` slots, all of them free. */
export function createFairSlots(count: number): FairSlots {
  const queue = createFairQueue<{ readonly owner: string; readonly begin: (leave: LeaveSlot) => void }>(
    Infinity,
  );
  let free = count;
  const beginNext = (): void => {
    const next = queue.findNext();
    if (free === 0 || next === undefined) return;
    queue.remove(next.owner, next);
    free -= 1;
    next.begin(leave);
  };
  const leave = (): void => {
    free += 1;
    beginNext();
  };
  const ask: FairSlots["ask"] = (owner, begin) => {
    const task = { owner, begin };
    queue.add(owner, task);
    queueMicrotask(beginNext);
    return () => {
      queue.remove(owner, task);
    };
  };
  return {
    ask,
    enter: (owner, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve(null);
          return;
        }
        const withdraw = ask(owner, (leaveSlot) => {
          signal.removeEventListener("abort", abandon);
          resolve(leaveSlot);
        });
        const abandon = (): void => {
          withdraw();
          resolve(null);
        };
        signal.addEventListener("abort", abandon, { once: true });
      }),
  };
}
