import type { GuestNetworkChange } from "./pass.js";

/** Hears of changes. */
export type ChangeListener = (change: GuestNetworkChange) => void;

/**
 * Where the write side tells what changed, and the read side of every replica hears of it. A hint, not a record: what
 * is told while Redis is away reaches the listeners of this process alone.
 */
export interface ChangeFeed {
  publish(change: GuestNetworkChange): void;
  /** Returns what ends the subscription. */
  subscribe(listener: ChangeListener): () => void;
  close(): Promise<void>;
}

/** Changes that stay in this process. */
export function localChanges(): ChangeFeed {
  const listeners = new Set<{ readonly listener: ChangeListener }>();
  return {
    publish(change) {
      for (const { listener } of listeners) listener(change);
    },
    subscribe(listener) {
      const entry = { listener };
      listeners.add(entry);
      return () => {
        listeners.delete(entry);
      };
    },
    close() {
      listeners.clear();
      return Promise.resolve();
    },
  };
}
