import { graphql } from "./graphql.js";

/** What does not fit between the hypervisors' vNICs and the guests' interfaces. */
export const DriftQuery = graphql(`
  query PortalDrift($kinds: [DriftKind!], $first: Int, $after: String) {
    drift(kinds: $kinds, first: $first, after: $after) {
      totalCount
      nodes {
        kind
        vm {
          id
          name
        }
        device {
          name
          macAddress
        }
        vmNic {
          name
          macAddress
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

/** Addresses that several VMs have, and MACs that several vNICs have. */
export const ConflictsQuery = graphql(`
  query PortalConflicts($first: Int) {
    addressConflicts(first: $first) {
      totalCount
      nodes {
        address
        kind
        vmCount
        holders {
          vm {
            id
            name
          }
          device {
            name
          }
        }
      }
    }
    macConflicts(first: $first) {
      totalCount
      nodes {
        macAddress
        vmCount
        vmNics {
          id
          name
          vm {
            id
            name
          }
        }
      }
    }
  }
`);
