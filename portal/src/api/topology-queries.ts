import { graphql } from "./graphql.js";

/** The fields that place a VM: its host and the networks of its vNICs. */
export const PlacedVmFields = graphql(`
  fragment PlacedVmFields on Vm @_unmask {
    id
    name
    status
    host {
      id
      name
    }
    nics {
      network
      linked
      plugged
    }
  }
`);

/** The first VMs with their hosts and networks, and the cursor of the last change that they show. */
export const TopologyQuery = graphql(
  `
    query PortalTopology($first: Int) {
      changeCursor
      vms(first: $first, orderBy: ID_ASC) {
        nodes {
          ...PlacedVmFields
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  `,
  [PlacedVmFields],
);

/** The next VMs with their hosts and networks. */
export const TopologyPageQuery = graphql(
  `
    query PortalTopologyPage($first: Int, $after: String) {
      vms(first: $first, after: $after, orderBy: ID_ASC) {
        nodes {
          ...PlacedVmFields
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  `,
  [PlacedVmFields],
);
