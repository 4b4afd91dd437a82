import type { ReadStore } from "../../store/types.js";

/** A read of the store: its name, and the arguments with which it was called. */
export interface ReadCall {
  readonly name: keyof ReadStore;
  readonly args: readonly unknown[];
}

/** What is done around a read. It answers what the read answers, from wherever it has that. */
export type AroundRead = <Answer>(read: () => Promise<Answer>, call: ReadCall) => Promise<Answer>;

/**
 * Returns the same reads with `around` in front of each. Deadlines, traces, caches and past instants are a few lines
 * each by this, and none of them lists the store's methods again.
 */
export function wrapReads(store: ReadStore, around: AroundRead): ReadStore {
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...args: unknown[]) =>
        around(() => Reflect.apply(method, target, args) as Promise<never>, {
          name: name as keyof ReadStore,
          args,
        });
    },
  });
}

/** Returns the same reads, all of which reject with a failure and ask nothing. */
export function failReads(store: ReadStore, failure: unknown): ReadStore {
  return wrapReads(store, async () => {
    await Promise.resolve();
    throw failure;
  });
}
