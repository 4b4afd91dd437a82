import type { Role } from "../model/roles.js";

/**
 * The role that each root field needs, for itself and all below it. A root field that is not listed here stops the
 * start.
 */
export const ROOT_FIELD_ROLES: Readonly<Record<string, Role>> = {
  "Query.vm": "reader",
  "Query.vms": "reader",
  "Query.vmNic": "reader",
  "Query.vmNics": "reader",
  "Query.hosts": "reader",
  "Query.host": "reader",
  "Query.find": "reader",
  "Query.guestAddresses": "reader",
  "Query.addressConflicts": "reader",
  "Query.macConflicts": "reader",
  "Query.drift": "reader",
  "Query.guestNetworkStats": "reader",
  "Query.addressHistory": "reader",
  "Query.changeCursor": "reader",
  "Subscription.guestNetworkChanged": "reader",
  "Subscription.vmAddressReady": "reader",
  "Subscription.hostStateChanged": "reader",
  "Query._entities": "router",
  "Query._service": "router",
  "Mutation.refreshHost": "operator",
  "Mutation.addHost": "operator",
  "Mutation.removeHost": "operator",
};
