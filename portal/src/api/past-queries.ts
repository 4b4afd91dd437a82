import { graphql } from "./graphql.js";
import { DeviceFields, NicFields } from "./queries.js";

/** The changes of a VM, the newest first. */
export const TimeLineQuery = graphql(`
  query PortalTimeLine($id: ID!, $first: Int!) {
    changeCursor
    vm(id: $id) {
      id
      guestHistory(first: $first) {
        keptFrom
        nodes {
          at
          differences {
            kind
            summary
          }
        }
        pageInfo {
          hasNextPage
        }
      }
    }
  }
`);

/** A VM's vNICs and its guest's interfaces as they were at a time. */
export const PastVmQuery = graphql(
  `
    query PortalPastVm($id: ID!, $at: DateTime!) {
      vm(id: $id) {
        id
        guestInfo(at: $at) {
          fqdn
          ips
          lastReportedAt
          stale
          staleReason
          staleDetail
          networkDevices {
            ...DeviceFields
            vmNic {
              id
            }
          }
        }
        nics(at: $at) {
          ...NicFields
        }
        guestHistory(first: 1) {
          keptFrom
        }
      }
    }
  `,
  [DeviceFields, NicFields],
);

/** Who had an address, or which addresses a MAC had, the latest first. */
export const AddressHistoryQuery = graphql(`
  query PortalAddressHistory($address: IP, $macAddress: MAC, $first: Int!) {
    changeCursor
    addressHistory(address: $address, macAddress: $macAddress, first: $first) {
      keptFrom
      nodes {
        address
        deviceName
        macAddress
        since
        until
        vmId
        vm {
          id
          name
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);
