import { graphql } from "./graphql.js";
import { HostFields, VmRowFields } from "./queries.js";
import { PlacedVmFields } from "./topology-queries.js";

// Subscriptions are sent as text, over the WebSocket.

/** What changes of some VMs: the state first, then each change. */
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

/** That VMs change, and no more. */
export const NewsSubscription = graphql(`
  subscription PortalNews($filter: GuestNetworkFilter, $after: String) {
    guestNetworkChanged(filter: $filter, after: $after) {
      cursor
    }
  }
`);

/** Where VMs are since they changed. */
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

/** How hosts are, and then each that is otherwise. */
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
