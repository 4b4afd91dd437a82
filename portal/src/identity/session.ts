import { useSyncExternalStore } from "react";

/**
 * The key of the token in the session storage. Only this tab has it until it is closed, and no other origin can read
 * it.
 */
const KEY = "vnic-graph.token";

const listeners = new Set<() => void>();

/** The token that the server refused, so that a person has to sign in; `undefined`: none was refused. */
let refused: string | null | undefined;

/** Reads the bearer token of requests; `null`: there is none. */
export function readToken(): string | null {
  return sessionStorage.getItem(KEY);
}

/** The number of the session. Each sign-in or sign-out raises it; the renewal of a token does not. */
let session = 0;

/** Stores a token for this tab; `null` removes it. */
export function writeToken(token: string | null): void {
  session += 1;
  keepToken(token);
}

/** Replaces a token by a renewed one. Returns `false` if the old one is no longer the present token. */
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

/** Notes that the server refuses the present token: it requires one, or this one has expired. */
export function refuse(): void {
  refused = readToken();
  for (const listener of listeners) listener();
}

/** Returns the token, and follows its changes. */
export function useToken(): string | null {
  return useSyncExternalStore(subscribe, readToken);
}

/** Reads the number of the session. */
export function readSession(): number {
  return session;
}

/** Returns the number of the session, and follows its changes. */
export function useSession(): number {
  return useSyncExternalStore(subscribe, readSession);
}

/** Tells whether the server requires a sign-in, and follows its changes. */
export function useIsRefused(): boolean {
  return useSyncExternalStore(subscribe, () => refused !== undefined && refused === readToken());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
