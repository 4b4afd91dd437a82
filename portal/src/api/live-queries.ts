import { graphql } from "./graphql.js";
import { VmRowFields } from "./queries.js";

/** What changes of some VMs: the state first, then each change. It is sent as text, over the WebSocket. */
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
