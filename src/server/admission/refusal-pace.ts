/** Paces the refusals of those who ask on at once, although they were told when it is worth to ask again. */
export interface RefusalPace {
  /** Resolves when a refusal may be sent to this owner. */
  wait(owner: string): Promise<void>;
}

/**
 * Creates the pace. Within a second, {@link AT_ONCE} refusals of an owner are sent at once. Each further one is held back for
 * {@link HELD_MS}, without a place, and for longer where more are held: two of them are sent {@link SPACING_MS} apart, as
 * long as none is held for more than {@link MOST_HELD_MS}. Otherwise hundreds of clients that ask again as soon as they are
 * refused would keep the process busy with refusals alone, or with all of them at the same moment. Others' refusals never
 * wait for them, unless they have the same owner: clients that nobody knows yet have their address, and so are one behind
 * one NAT or a proxy that is not in `TRUST_PROXY`.
 */
export function createRefusalPace(): RefusalPace {
  const owners = new Map<string, { count: number; heldUntil: number }>();
  /** Begins the next second: forgets the counts, and the owners of which nothing is held. */
  const startSecond = (): void => {
    for (const [owner, paced] of owners) {
      if (paced.heldUntil <= performance.now()) owners.delete(owner);
      else paced.count = 0;
    }
    if (owners.size > 0) scheduleNext();
  };
  const scheduleNext = (): void => {
    setTimeout(startSecond, HELD_MS).unref();
  };
  return {
    async wait(owner) {
      if (owners.size === 0) scheduleNext();
      const paced = owners.get(owner) ?? { count: 0, heldUntil: 0 };
      owners.set(owner, paced);
      paced.count += 1;
      if (paced.count <= AT_ONCE) return;
      const now = performance.now();
      const until = Math.max(now + HELD_MS, Math.min(paced.heldUntil + SPACING_MS, now + MOST_HELD_MS));
      paced.heldUntil = until;
      await new Promise((resolve) => setTimeout(resolve, until - now));
    },
  };
}

/** More than a page or a script sends at the same time. */
export const AT_ONCE = 20;

/** The time that is said in `Retry-After`. */
export const HELD_MS = 1_000;

/** The time between two refusals that are held: fifty a second take a twentieth of the process's time. */
export const SPACING_MS = 20;

/** Less than half of the shortest time for which clients usually wait. */
export const MOST_HELD_MS = 5_000;
