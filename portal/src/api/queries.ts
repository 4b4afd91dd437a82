import { graphql } from "./graphql.js";

/** The fields of a row in the list of VMs. */
export const VmRowFields = graphql(`
  fragment VmRowFields on Vm @_unmask {
    id
    name
    status
    host {
      id
      name
    }
    guestInfo {
      ips
      primaryAddress {
        address
        reason
      }
      lastChangedAt
      lastReportedAt
      stale
      staleReason
      staleDetail
    }
  }
`);

/** One page of the list of VMs. */
export const VmPageQuery = graphql(
  `
    query PortalVmPage($first: Int, $after: String, $filter: VmFilter, $orderBy: VmOrder) {
      vms(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes {
          ...VmRowFields
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  `,
  [VmRowFields],
);

/** The number of VMs that a filter finds. */
export const VmCountQuery = graphql(`
  query PortalVmCount($filter: VmFilter) {
    vms(first: 1, filter: $filter) {
      totalCount
    }
  }
`);

/** The fields of a guest interface on the page of one VM. */
export const DeviceFields = graphql(`
  fragment DeviceFields on NetworkDevice @_unmask {
    name
    macAddress
    ipv4Addresses
    ipv6Addresses
  }
`);

/** The fields of a vNIC on the page of one VM. */
export const NicFields = graphql(
  `
    fragment NicFields on VmNic @_unmask {
      id
      name
      network
      macAddress
      linked
      plugged
      guestInterface {
        ...DeviceFields
      }
      missingReason
      probableInterface {
        name
        macAddress
      }
    }
  `,
  [DeviceFields],
);

/** One VM with its vNICs and its guest's interfaces. */
export const VmQuery = graphql(
  `
    query PortalVm($id: ID!) {
      changeCursor
      vm(id: $id) {
        ...VmRowFields
        guestInfo {
          fqdn
          networkDevices {
            ...DeviceFields
            vmNic {
              id
            }
          }
        }
        nics {
          ...NicFields
        }
      }
    }
  `,
  [VmRowFields, DeviceFields, NicFields],
);

/** The fields of a host, with the result of its last poll. */
export const HostFields = graphql(`
  fragment HostFields on Host @_unmask {
    id
    name
    address
    status
    polled
    lastSuccessAt
    lastError
    lastWarning
  }
`);

/** All hosts. */
export const HostsQuery = graphql(
  `
    query PortalHosts {
      hosts {
        ...HostFields
      }
    }
  `,
  [HostFields],
);

/** Polls one host now. The list of hosts is read again afterwards, and shows the result. */
export const RefreshHostMutation = graphql(`
  mutation PortalRefreshHost($id: ID!) {
    refreshHost(id: $id) {
      id
    }
  }
`);

/** The cheapest query that shows whether the server accepts this token. */
export const AccessQuery = graphql(`
  query PortalAccess {
    __typename
  }
`);
