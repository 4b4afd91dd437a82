import { graphql } from "./graphql.js";

/** Drift: what does not fit between the hypervisors' vNICs and the guests' interfaces. */
export const DriftQuery = graphql(`
  query PortalDrift($kinds: [DriftKind!], $first: Int, $after: String, $isFirst: Boolean!) {
    changeCursor @include(if: $isFirst)
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

/** Addresses that several VMs have. */
export const AddressConflictsQuery = graphql(`
  query PortalAddressConflicts($first: Int, $after: String, $isFirst: Boolean!) {
    changeCursor @include(if: $isFirst)
    addressConflicts(first: $first, after: $after) {
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
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

/** MACs that several vNICs have. */
export const MacConflictsQuery = graphql(`
  query PortalMacConflicts($first: Int, $after: String, $isFirst: Boolean!) {
    changeCursor @include(if: $isFirst)
    macConflicts(first: $first, after: $after) {
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
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);
