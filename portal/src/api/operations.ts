import { AddressConflictsQuery, DriftQuery, MacConflictsQuery } from "./finding-queries.js";
import {
  ChangesSubscription,
  HostStatesSubscription,
  NewsSubscription,
  PlacesSubscription,
} from "./live-queries.js";
import { AddressHistoryQuery, PastVmQuery, TimeLineQuery } from "./past-queries.js";
import { TopologyPageQuery, TopologyQuery } from "./topology-queries.js";
import {
  AccessQuery,
  HostsQuery,
  RefreshHostMutation,
  VmCountQuery,
  VmPageQuery,
  VmQuery,
} from "./queries.js";

/** All operations that the portal sends. The build lists them for servers that run listed operations only. */
export const OPERATIONS = [
  AccessQuery,
  VmPageQuery,
  VmCountQuery,
  VmQuery,
  TimeLineQuery,
  PastVmQuery,
  AddressHistoryQuery,
  DriftQuery,
  AddressConflictsQuery,
  MacConflictsQuery,
  TopologyQuery,
  TopologyPageQuery,
  HostsQuery,
  RefreshHostMutation,
  ChangesSubscription,
  NewsSubscription,
  PlacesSubscription,
  HostStatesSubscription,
];
