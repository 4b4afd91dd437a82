/** Paces the refusals of those who ask on at once, although they were told when it is worth to ask again. */
export interface RefusalPace {
  /** Resolves when a refusal may be sent to this owner. */
  wait(owner: string): Promise<void>;
}

/**
 * Creates the pace. Within a second, {@link AT_ONCE} refusals of an owner are sent at once; each further one is held back for
 * {@link HELD_MS}, without a place. Otherwise hundreds of clients that ask again as soon as they are refused would keep the
 * process busy with refusals alone. Others' refusals never wait for them.
 */
export function createRefusalPace(): RefusalPace {
  const counts = new Map<string, number>();
  const forgetAll = (): void => {
    counts.clear();
  };
  return {
    async wait(owner) {
      if (counts.size === 0) setTimeout(forgetAll, HELD_MS).unref();
      const count = (counts.get(owner) ?? 0) + 1;
      counts.set(owner, count);
      if (count > AT_ONCE) await new Promise((resolve) => setTimeout(resolve, HELD_MS));
    },
  };
}

/** More than a page or a script sends at the same time. */
export const AT_ONCE = 20;

/** The time that is said in `Retry-After`. */
export const HELD_MS = 1_000;
