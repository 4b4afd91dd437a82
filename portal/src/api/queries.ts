import { graphql } from "./graphql.js";

/** What a row of the list of VMs shows. */
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

/** How many VMs a filter finds. */
export const VmCountQuery = graphql(`
  query PortalVmCount($filter: VmFilter) {
    vms(first: 1, filter: $filter) {
      totalCount
    }
  }
`);

/** What the page of one VM shows of a guest interface. */
export const DeviceFields = graphql(`
  fragment DeviceFields on NetworkDevice @_unmask {
    name
    macAddress
    ipv4Addresses
    ipv6Addresses
  }
`);

/** What the page of one VM shows of a vNIC. */
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

/** What the last poll of a host said. */
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

/** Asks one host now. The list of hosts is read again after it, and shows how that went. */
export const RefreshHostMutation = graphql(`
  mutation PortalRefreshHost($id: ID!) {
    refreshHost(id: $id) {
      id
    }
  }
`);

/** The cheapest question that tells whether the server lets this token in. */
export const AccessQuery = graphql(`
  query PortalAccess {
    __typename
  }
`);
