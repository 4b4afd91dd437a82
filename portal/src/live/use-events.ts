import { useEffect, useRef, useSyncExternalStore } from "react";
import { refuse, useToken } from "../identity/session.js";
import { followEvents, type EventListener, type Subject } from "./follow-events.js";
import { findLiveConnection } from "./live-connection.js";
import type { LiveState } from "./live-state.js";

/** Follows a subject as long as the view is shown, anew when its variables are others; `null` follows none. */
export function useEvents<Data, Event>(
  subject: Subject<Data, Event> | null,
  listener: Pick<EventListener<Event>, "onEvent" | "onReset">,
): void {
  const token = useToken();
  const latest = useRef({ subject, listener });
  latest.current = { subject, listener };
  const key = subject === null ? null : JSON.stringify(subject.variables);
  useEffect(() => {
    const followed = latest.current.subject;
    if (key === null || followed === null) return undefined;
    return followEvents(findLiveConnection(token), followed, {
      onEvent: (event) => {
        latest.current.listener.onEvent(event);
      },
      onReset: () => {
        latest.current.listener.onReset();
      },
      onRefused: refuse,
    });
  }, [key, token]);
}

/** Whether changes reach this page, followed as that changes. */
export function useLiveState(): LiveState {
  const connection = findLiveConnection(useToken());
  return useSyncExternalStore(connection.watch, connection.readState);
}
