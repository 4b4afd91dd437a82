import { graphql } from "./graphql.js";

/** One page of the VMs with what says where they stand: their host and the networks of their vNICs. */
export const TopologyPageQuery = graphql(`
  query PortalTopologyPage($first: Int, $after: String) {
    vms(first: $first, after: $after, orderBy: ID_ASC) {
      nodes {
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
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);
