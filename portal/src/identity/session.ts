import { useSyncExternalStore } from "react";

/** Where the token lies: in this tab only, until it is closed; no other origin can read it. */
const KEY = "vnic-graph.token";

const listeners = new Set<() => void>();

/** The token that the server did not let in, so that somebody has to sign in; `undefined`: none. */
let refused: string | null | undefined;

/** The bearer token that requests carry, or `null`. */
export function readToken(): string | null {
  return sessionStorage.getItem(KEY);
}

/** Counts who signed in one after the other: a renewed token is the same person's. */
let session = 0;

/** Keeps a token for this tab; `null` forgets it. */
export function writeToken(token: string | null): void {
  session += 1;
  keepToken(token);
}

/** Keeps the token that takes the place of another one; returns `false` if that one is not the present one any more. */
export function renewToken(from: string, to: string): boolean {
  if (readToken() !== from) return false;
  keepToken(to);
  return true;
}

function keepToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
  refused = undefined;
  for (const listener of listeners) listener();
}

/** Notes that the server does not let the present token in: it wants one, or this one has ended. */
export function refuse(): void {
  refused = readToken();
  for (const listener of listeners) listener();
}

/** The token, followed as it changes. */
export function useToken(): string | null {
  return useSyncExternalStore(subscribe, readToken);
}

/** The number of who is signed in. */
export function readSession(): number {
  return session;
}

/** The number of who is signed in, followed as somebody else does. */
export function useSession(): number {
  return useSyncExternalStore(subscribe, readSession);
}

/** Whether the server wants somebody to sign in, followed as that changes. */
export function useIsRefused(): boolean {
  return useSyncExternalStore(subscribe, () => refused !== undefined && refused === readToken());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
