/** Gives a lane back. */
export type LeaveLane = () => void;

/** Bounds how many statements of a kind run at once; who comes later waits, first come, first served. */
export interface Lanes {
  enter(): Promise<LeaveLane>;
}

/** Creates so many lanes, all of them free. */
export function createLanes(count: number): Lanes {
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
