import { useEffect, useRef, useSyncExternalStore } from "react";
import { refuse, useToken } from "../identity/session.js";
import { followEvents, type EventListener, type Following, type Subject } from "./follow-events.js";
import { reloadIfOutdated } from "../shared/outdated.js";
import { findLiveConnection } from "./live-connection.js";
import type { LiveState } from "./live-state.js";

/**
 * Follows a subject from its state on while the view is shown, and begins anew when its variables change; `null`
 * follows none.
 */
export function useEvents<Data, Event>(
  subject: Subject<Data, Event> | null,
  listener: Pick<EventListener<Event>, "onEvent" | "onReset">,
): void {
  const key = subject === null ? null : JSON.stringify(subject.variables);
  useFollowing(subject && { ...subject, after: null }, key, { ...listener, onLost: () => undefined });
}

/** Follows a subject while `key` is the same; `null` follows none. */
export function useFollowing<Data, Event>(
  following: Following<Data, Event> | null,
  key: string | null,
  listener: Omit<EventListener<Event>, "onRefused" | "onGivenUp">,
): void {
  const token = useToken();
  const latest = useRef({ following, listener });
  latest.current = { following, listener };
  useEffect(() => {
    const followed = latest.current.following;
    if (key === null || followed === null) return undefined;
    return followEvents(findLiveConnection(token), followed, {
      onEvent: (event) => {
        latest.current.listener.onEvent(event);
      },
      onReset: () => {
        latest.current.listener.onReset();
      },
      onLost: () => {
        latest.current.listener.onLost();
      },
      onRefused: refuse,
      // A server with another build may not know this page's subscriptions.
      onGivenUp: () => void reloadIfOutdated(),
    });
  }, [key, token]);
}

/** Returns the state of changes on this page, and follows it. */
export function useLiveState(): LiveState {
  const connection = findLiveConnection(useToken());
  return useSyncExternalStore(connection.watch, connection.readState);
}
