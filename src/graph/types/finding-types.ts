import { Field, Int, ObjectType, registerEnumType } from "type-graphql";
import type { DriftKind } from "../../model/guest/drift.js";
import { PageInfo } from "./list-types.js";
import { IPScalar, MACScalar } from "./scalars.js";

/** Kinds of drift between vNICs and guests. */
export const DriftKindEnum = {
  DEVICE_BRIDGE: "DEVICE_BRIDGE",
  DEVICE_BOND: "DEVICE_BOND",
  DEVICE_VLAN: "DEVICE_VLAN",
  DEVICE_CONTAINER: "DEVICE_CONTAINER",
  DEVICE_VPN: "DEVICE_VPN",
  DEVICE_UNKNOWN: "DEVICE_UNKNOWN",
  NIC_NOT_SHOWN: "NIC_NOT_SHOWN",
  NIC_MAC_DIFFERS: "NIC_MAC_DIFFERS",
} as const satisfies { [kind in DriftKind]: kind };

/** Whether an address that several VMs have is meant to be shared. */
export const AddressConflictKindEnum = { DUPLICATE: "DUPLICATE", VIRTUAL_ROUTER: "VIRTUAL_ROUTER" } as const;

registerEnumType(DriftKindEnum, {
  name: "DriftKind",
  description: "In what a VM's vNICs and its guest's interfaces do not fit.",
  valuesConfig: {
    DEVICE_BRIDGE: { description: "A bridge that no vNIC is behind." },
    DEVICE_BOND: { description: "A bond or a team that no vNIC is behind." },
    DEVICE_VLAN: { description: "A VLAN with a MAC of its own." },
    DEVICE_CONTAINER: { description: "An interface that a host of containers or of VMs made for itself." },
    DEVICE_VPN: { description: "An interface of a private network, as far as its name shows." },
    DEVICE_UNKNOWN: { description: "Another interface that no vNIC is behind." },
    NIC_NOT_SHOWN: { description: "A vNIC that the guest does not show." },
    NIC_MAC_DIFFERS: { description: "A vNIC whose interface has probably another MAC in the guest." },
  },
});

registerEnumType(AddressConflictKindEnum, {
  name: "AddressConflictKind",
  description: "Whether an address that several VMs have is meant to be shared, as far as is known.",
  valuesConfig: {
    DUPLICATE: { description: "Nothing shows that it is meant to be." },
    VIRTUAL_ROUTER: {
      description:
        "A virtual router's (VRRP, CARP, HSRP, keepalived), or another one that is meant to be shared: all VMs but one have " +
        "it on a virtual MAC, beside an address of their own on the same interface, or on `lo` or a dummy beside another one.",
    },
  },
});

/** An address that a guest has. Its links are in finding-fields.ts. */
@ObjectType({
  simpleResolvers: true,
  description: "An address that a guest reports. As fresh as the guest's interfaces.",
})
export class GuestAddress {
  @Field(() => IPScalar, { description: "The address. Never null." })
  readonly address!: string;
}

/** An address that several VMs have. Its links are in finding-fields.ts. */
@ObjectType({
  simpleResolvers: true,
  description: "An address that several VMs report which can meet. As fresh as the guests' interfaces.",
})
export class AddressConflict {
  @Field(() => IPScalar, { description: "The address. Never null." })
  readonly address!: string;

  @Field(() => Int, { description: "How many VMs have it. Never null." })
  readonly vmCount!: number;
}

/** A MAC that several VMs have. */
@ObjectType({
  simpleResolvers: true,
  description:
    "A MAC that the hypervisor gave to vNICs of several VMs. As fresh as the VMs' lists of devices.",
})
export class MacConflict {
  @Field(() => MACScalar, { description: "The MAC. Never null." })
  readonly macAddress!: string;

  @Field(() => Int, { description: "How many VMs have it. Never null." })
  readonly vmCount!: number;
}

/** An entry of drift. Its links are in finding-fields.ts. */
@ObjectType({
  simpleResolvers: true,
  description:
    "One thing in which a VM's vNICs and its guest's interfaces do not fit. As of the last look at its host.",
})
export class Drift {
  @Field(() => DriftKindEnum, { description: "What does not fit. Never null." })
  readonly kind!: DriftKind;
}

const NODES = "The page's rows, without their cursors. Never null.";
const EDGES = "The page's rows with their cursors. Never null.";
const CURSOR =
  "The row's place, to be passed as `after`. Opaque; it stays good when rows come and go. Never null.";
const COUNT =
  "How many there are in all. Counted only when asked for, and that costs a statement. Null only beside an error, such as " +
  "that counting took too long: the page is good all the same.";

/** The class of a connection. Its objects have `totalCount` as a function, which runs only if the field is asked for. */
type NodeClass = new () => object;

function createConnection(Node: NodeClass, plural: string): NodeClass {
  @ObjectType(`${Node.name}Edge`, {
    simpleResolvers: true,
    description: `One of the ${plural} and its place in the list.`,
  })
  class Edge {
    @Field(() => String, { description: CURSOR })
    readonly cursor!: string;

    @Field(() => Node, { description: "The row. Never null." })
    readonly node!: object;
  }

  @ObjectType(`${Node.name}Connection`, { simpleResolvers: true, description: `One page of ${plural}.` })
  class Connection {
    @Field(() => [Edge], { description: EDGES })
    readonly edges!: readonly Edge[];

    @Field(() => [Node], { description: NODES })
    readonly nodes!: readonly object[];

    @Field(() => PageInfo, { description: "Where the page stands in the list. Never null." })
    readonly pageInfo!: PageInfo;

    @Field(() => Int, { nullable: true, description: COUNT })
    readonly totalCount!: () => Promise<number>;
  }
  return Connection;
}

export const GuestAddressConnection = createConnection(GuestAddress, "addresses of guests");
export const AddressConflictConnection = createConnection(AddressConflict, "addresses of several VMs");
export const MacConflictConnection = createConnection(MacConflict, "MACs of several VMs");
export const DriftConnection = createConnection(Drift, "things that do not fit");
