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

/** Where a VM is since a change. */
export type PlaceEvent = NonNullable<Places["guestNetworkChanged"]>;

/** Which VMs and changes are followed. */
export type ChangeFilter = NonNullable<VariablesOf<typeof ChangesSubscription>["filter"]>;

/** Names changes of some VMs, with all that their rows show. */
export function listChanges(filter: ChangeFilter): Subject<Changes, ChangeEvent> {
  return {
    document: ChangesSubscription,
    variables: { filter },
    readEvent: (data) => data.guestNetworkChanged,
    readCursor: ({ cursor }) => cursor,
  };
}

/** Tells that something has changed, for views which are read again then. It tells no more, however much changes. */
export function listNews(filter: ChangeFilter): Subject<News, NonNullable<News["guestNetworkChanged"]>> {
  return {
    document: NewsSubscription,
    variables: { filter },
    readEvent: (data) => data.guestNetworkChanged,
    readCursor: ({ cursor }) => cursor,
  };
}

/** Where each VM is that has changed its name, its state, its host or its networks. */
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

/** How each host is, and then each that is otherwise. The states of all come first, after each reconnect too. */
export const HOST_STATES: Subject<HostStates, NonNullable<HostStates["hostStateChanged"]>> = {
  document: HostStatesSubscription,
  variables: {},
  readEvent: (data) => data.hostStateChanged,
  readCursor: () => null,
};
