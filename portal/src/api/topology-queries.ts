import { graphql } from "./graphql.js";

/** What says where a VM stands: its host and the networks of its vNICs. */
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

/** The first VMs with where they stand, and up to which change that is. */
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

/** The next VMs with where they stand. */
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
