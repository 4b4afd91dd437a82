import { useSyncExternalStore } from "react";

/** Where the token lies: in this tab only, until it is closed; no other origin can read it. */
const KEY = "vnic-graph.token";

const listeners = new Set<() => void>();

/** The bearer token that requests carry, or `null`. */
export function readToken(): string | null {
  return sessionStorage.getItem(KEY);
}

/** Keeps a token for this tab; `null` forgets it. */
export function writeToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
  for (const listener of listeners) listener();
}

/** The token, followed as it changes. */
export function useToken(): string | null {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, readToken);
}
