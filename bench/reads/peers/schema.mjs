/** What the hand-written peers serve: the part of our schema that the queries use. */
export const typeDefs = /* GraphQL */ `
  type Query {
    vm(id: ID!): Vm
    vms(first: Int = 50, after: String): VmConnection
    vmNics(macAddress: String!): [VmNic!]
  }
  type VmConnection {
    nodes: [Vm!]!
  }
  type Vm {
    id: ID!
    name: String
    status: VmStatus
    nics: [VmNic!]
    guestInfo: GuestInfo
  }
  enum VmStatus {
    UP
    DOWN
    UNKNOWN
  }
  type GuestInfo {
    networkDevices: [NetworkDevice!]
  }
  type NetworkDevice {
    name: String
    macAddress: String
    ipv4Addresses: [String!]!
    ipv6Addresses: [String!]!
  }
  type VmNic {
    id: ID!
    name: String
    macAddress: String
    vm: Vm
    guestInterface: NetworkDevice
  }
`;
