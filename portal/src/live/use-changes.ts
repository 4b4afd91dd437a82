import { useEffect, useRef, useSyncExternalStore } from "react";
import { refuse, useToken } from "../identity/session.js";
import { followChanges, type ChangeFilter, type ChangeListener } from "./follow-changes.js";
import { findLiveConnection } from "./live-connection.js";
import type { LiveState } from "./live-state.js";

/** Follows the changes of the VMs that a filter names, as long as the view is shown; `null` follows none. */
export function useChanges(
  filter: ChangeFilter | null,
  listener: Pick<ChangeListener, "onEvent" | "onReset">,
): void {
  const token = useToken();
  const latest = useRef(listener);
  latest.current = listener;
  const key = filter === null ? null : JSON.stringify(filter);
  useEffect(() => {
    if (key === null) return undefined;
    return followChanges(findLiveConnection(token), JSON.parse(key) as ChangeFilter, {
      onEvent: (event) => {
        latest.current.onEvent(event);
      },
      onReset: () => {
        latest.current.onReset();
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
