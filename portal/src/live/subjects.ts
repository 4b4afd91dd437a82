import type { ResultOf, VariablesOf } from "../api/graphql.js";
import {
  ChangesSubscription,
  HostStatesSubscription,
  NewsSubscription,
  PlacesSubscription,
} from "../api/live-queries.js";
import type { Subject } from "./follow-events.js";

type Changes = ResultOf<typeof ChangesSubscription>;
type News = ResultOf<typeof NewsSubscription>;
type Places = ResultOf<typeof PlacesSubscription>;
type HostStates = ResultOf<typeof HostStatesSubscription>;

/** A VM's state or change, with its row of the list. */
export type ChangeEvent = NonNullable<Changes["guestNetworkChanged"]>;

/** Host and networks of a VM after a change. */
export type PlaceEvent = NonNullable<Places["guestNetworkChanged"]>;

/** Which VMs and changes are followed. */
export type ChangeFilter = NonNullable<VariablesOf<typeof ChangesSubscription>["filter"]>;

/** Creates the subject of the changes of some VMs, with all fields of their rows. */
export function listChanges(filter: ChangeFilter): Subject<Changes, ChangeEvent> {
  return {
    document: ChangesSubscription,
    variables: { filter },
    readEvent: (data) => data.guestNetworkChanged,
    readCursor: ({ cursor }) => cursor,
  };
}

/**
 * Creates the subject of notices that something has changed, for views that then read again. It has no content, however
 * much changes.
 */
export function listNews(filter: ChangeFilter): Subject<News, NonNullable<News["guestNetworkChanged"]>> {
  return {
    document: NewsSubscription,
    variables: { filter },
    readEvent: (data) => data.guestNetworkChanged,
    readCursor: ({ cursor }) => cursor,
  };
}

/** The subject of VMs that change their name, state, host or networks. */
export const PLACES: Subject<Places, PlaceEvent> = {
  document: PlacesSubscription,
  variables: {
    filter: {
      kinds: [
        ...(["VM_APPEARED", "VM_FORGOTTEN", "VM_MOVED", "VM_RENAMED", "VM_STATUS_CHANGED"] as const),
        ...(["NICS_TOLD", "NIC_APPEARED", "NIC_CHANGED", "NIC_DISAPPEARED"] as const),
      ],
    } satisfies ChangeFilter,
  },
  readEvent: (data) => data.guestNetworkChanged,
  readCursor: ({ cursor }) => cursor,
};

/**
 * The subject of hosts: the states of all, then each host that changes. After each reconnect the states of all come
 * again.
 */
export const HOST_STATES: Subject<HostStates, NonNullable<HostStates["hostStateChanged"]>> = {
  document: HostStatesSubscription,
  variables: {},
  readEvent: (data) => data.hostStateChanged,
  readCursor: () => null,
};
