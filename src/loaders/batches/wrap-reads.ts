import type { ReadStore } from "../../store/types.js";

/** A read of the store: its name, and the arguments with which it was called. */
export interface ReadCall {
  readonly name: keyof ReadStore;
  readonly args: readonly unknown[];
}

/** A function around a read. It must return the read's answer, from the read or from elsewhere. */
export type AroundRead = <Answer>(read: () => Promise<Answer>, call: ReadCall) => Promise<Answer>;

/**
 * Returns the same reads, each called through `around`. With it, deadlines, traces and caches take a few lines each, and
 * need no list of the store's methods.
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

/** Returns the same reads, but each one rejects with `failure` and reads nothing. */
export function failReads(store: ReadStore, failure: unknown): ReadStore {
  return wrapReads(store, async () => {
    await Promise.resolve();
    throw failure;
  });
}
