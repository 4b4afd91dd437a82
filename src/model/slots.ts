/** Gives the slot back. */
export type LeaveSlot = () => void;

/** Limits how many tasks run at the same time. Later tasks wait for a slot, in the order in which they came. */
export interface Slots {
  enter(): Promise<LeaveSlot>;
  /** Takes a slot without waiting; `null`: none is free. */
  enterNow(): LeaveSlot | null;
}

/** How long a task waits for a slot, and the error with which the wait then ends. */
export interface SlotPatience {
  readonly ms: number;
  readonly createError: () => Error;
}

/** Creates `count` slots, all of them free. Without `patience`, a task waits as long as it must. */
export function createSlots(count: number, patience: SlotPatience | null = null): Slots {
  const waiters: (() => void)[] = [];
  let free = count;
  const leave = (): void => {
    const next = waiters.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const wait = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const begin = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer =
        patience === null
          ? undefined
          : setTimeout(() => {
              waiters.splice(waiters.indexOf(begin), 1);
              reject(patience.createError());
            }, patience.ms);
      waiters.push(begin);
    });
  return {
    enter: async () => {
      if (free > 0) free -= 1;
      else await wait();
      return leave;
    },
    enterNow: () => {
      if (free === 0) return null;
      free -= 1;
      return leave;
    },
  };
}
