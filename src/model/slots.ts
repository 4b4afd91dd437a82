/** Gives a slot back. */
export type LeaveSlot = () => void;

/** Bounds how much runs at the same time. Who comes later waits; the first to wait is the first to go on. */
export interface Slots {
  enter(): Promise<LeaveSlot>;
}

/** Creates so many slots, all of them free. */
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
