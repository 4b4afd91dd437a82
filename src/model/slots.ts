/** Gives the slot back. */
export type LeaveSlot = () => void;

/** Limits how many tasks run at the same time. Later tasks wait for a slot, in the order in which they came. */
export interface Slots {
  enter(): Promise<LeaveSlot>;
}

/** Creates `count` slots, all of them free. */
export function createSlots(count: number): Slots {
  const waiters: (() => void)[] = [];
  let free = count;
  const leave = (): void => {
    const next = waiters.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    enter: async () => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiters.push(resolve));
      return leave;
    },
  };
}
