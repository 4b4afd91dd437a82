import { graphql } from "./graphql.js";
import { HostFields, VmRowFields } from "./queries.js";
import { PlacedVmFields } from "./topology-queries.js";

// Subscriptions are sent as text, over the WebSocket.

/** The state of some VMs, then each of their changes. */
export const ChangesSubscription = graphql(
  `
    subscription PortalChanges($filter: GuestNetworkFilter, $after: String) {
      guestNetworkChanged(filter: $filter, after: $after) {
        kind
        cursor
        at
        vmId
        changes {
          kind
          summary
        }
        after {
          ...VmRowFields
        }
      }
    }
  `,
  [VmRowFields],
);

/** A notice for each change of VMs, without its content. */
export const NewsSubscription = graphql(`
  subscription PortalNews($filter: GuestNetworkFilter, $after: String) {
    guestNetworkChanged(filter: $filter, after: $after) {
      cursor
    }
  }
`);

/** Host and networks of each VM that changed. */
export const PlacesSubscription = graphql(
  `
    subscription PortalPlaces($filter: GuestNetworkFilter, $after: String) {
      guestNetworkChanged(filter: $filter, after: $after) {
        cursor
        vmId
        after {
          ...PlacedVmFields
        }
      }
    }
  `,
  [PlacedVmFields],
);

/** The states of all hosts, then each host whose state changed. */
export const HostStatesSubscription = graphql(
  `
    subscription PortalHostStates {
      hostStateChanged {
        hostId
        host {
          ...HostFields
        }
      }
    }
  `,
  [HostFields],
);
