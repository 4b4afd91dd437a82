import { Field, InterfaceType, ObjectType, registerEnumType } from "type-graphql";
import type { DifferenceKind, ShownDifference } from "../../loaders/past/differences.js";
import type { DeviceType } from "../../model/guest/device-type.js";

/** The kinds of differences, as a client sees them. */
export const DifferenceKindEnum = {
  VM_APPEARED: "VM_APPEARED",
  VM_FORGOTTEN: "VM_FORGOTTEN",
  VM_RENAMED: "VM_RENAMED",
  VM_STATUS_CHANGED: "VM_STATUS_CHANGED",
  VM_MOVED: "VM_MOVED",
  GUEST_RENAMED: "GUEST_RENAMED",
  STALENESS_CHANGED: "STALENESS_CHANGED",
  DEVICE_APPEARED: "DEVICE_APPEARED",
  DEVICE_DISAPPEARED: "DEVICE_DISAPPEARED",
  DEVICE_RENAMED: "DEVICE_RENAMED",
  DEVICE_CHANGED: "DEVICE_CHANGED",
  DEVICES_REORDERED: "DEVICES_REORDERED",
  ADDRESS_ADDED: "ADDRESS_ADDED",
  ADDRESS_REMOVED: "ADDRESS_REMOVED",
  ADDRESS_LIST_CHANGED: "ADDRESS_LIST_CHANGED",
  NIC_APPEARED: "NIC_APPEARED",
  NIC_DISAPPEARED: "NIC_DISAPPEARED",
  NIC_CHANGED: "NIC_CHANGED",
  NICS_TOLD: "NICS_TOLD",
} as const satisfies { [kind in DifferenceKind]: kind };

/** What kind of interface a guest has. */
export const DeviceTypeEnum = {
  VLAN: "VLAN",
  BOND: "BOND",
  BRIDGE: "BRIDGE",
  CONTAINER: "CONTAINER",
} as const satisfies { [type in DeviceType]: type };

/** One thing in which a VM differs from its state before. */
@InterfaceType({
  description:
    "One thing in which a VM differs from what it was just before. New kinds may come; `summary` says all of them in words. " +
    "Interfaces and vNICs in it lead on to what the VM was on their side of the change.",
  resolveType: ({ kind }: ShownDifference) => TYPE_NAMES[kind],
})
export abstract class GuestNetworkDifference {
  @Field(() => DifferenceKindEnum, { description: "What kind of difference it is. Never changes." })
  readonly kind!: DifferenceKind;

  @Field(() => String, {
    description: "What changed, in one line for people. Never null; the words may change with a release.",
  })
  readonly summary!: string;
}

const implementing = { implements: GuestNetworkDifference, simpleResolvers: true } as const;

/** A difference without values of its own. */
@ObjectType({ ...implementing, description: "A difference of the VM as a whole; `kind` says all of it." })
export class VmDifference extends GuestNetworkDifference {}

/** Another name. */
@ObjectType({ ...implementing, description: "Another name of the VM or of its guest." })
export class NameDifference extends GuestNetworkDifference {}

/** Another state. */
@ObjectType({ ...implementing, description: "Another state of the VM." })
export class StatusDifference extends GuestNetworkDifference {}

/** Another host. */
@ObjectType({ ...implementing, description: "Another host that runs the VM, such as after a migration." })
export class HostDifference extends GuestNetworkDifference {}

/** Data that became stale, or current again. */
@ObjectType({
  ...implementing,
  description:
    "The guest's data became stale, or current again: the agent fell silent or came back, the host missed the VM, or a " +
    "report could not be read. Outages of hosts are not among the changes of a VM.",
})
export class StalenessDifference extends GuestNetworkDifference {}

/** An interface of the guest. */
@ObjectType({
  ...implementing,
  description: "An interface of the guest appeared, disappeared, has another name, or changed otherwise.",
})
export class NetworkDeviceDifference extends GuestNetworkDifference {}

/** An address. */
@ObjectType({ ...implementing, description: "The guest got or lost an address." })
export class AddressDifference extends GuestNetworkDifference {}

/** The list of all addresses. */
@ObjectType({
  ...implementing,
  description:
    "The guest's list of all addresses is no longer what its interfaces show, or is reported without interfaces.",
})
export class AddressListDifference extends GuestNetworkDifference {}

/** A vNIC. */
@ObjectType({ ...implementing, description: "A vNIC of the VM appeared, disappeared or changed." })
export class VmNicDifference extends GuestNetworkDifference {}

/** Types that the schema must name, because no field has their type. */
export const DIFFERENCE_TYPES = [
  VmDifference,
  NameDifference,
  StatusDifference,
  HostDifference,
  StalenessDifference,
  NetworkDeviceDifference,
  AddressDifference,
  AddressListDifference,
  VmNicDifference,
];

const TYPE_NAMES: Readonly<Record<DifferenceKind, string>> = {
  VM_APPEARED: "VmDifference",
  VM_FORGOTTEN: "VmDifference",
  VM_RENAMED: "NameDifference",
  VM_STATUS_CHANGED: "StatusDifference",
  VM_MOVED: "HostDifference",
  GUEST_RENAMED: "NameDifference",
  STALENESS_CHANGED: "StalenessDifference",
  DEVICE_APPEARED: "NetworkDeviceDifference",
  DEVICE_DISAPPEARED: "NetworkDeviceDifference",
  DEVICE_RENAMED: "NetworkDeviceDifference",
  DEVICE_CHANGED: "NetworkDeviceDifference",
  DEVICES_REORDERED: "VmDifference",
  ADDRESS_ADDED: "AddressDifference",
  ADDRESS_REMOVED: "AddressDifference",
  ADDRESS_LIST_CHANGED: "AddressListDifference",
  NIC_APPEARED: "VmNicDifference",
  NIC_DISAPPEARED: "VmNicDifference",
  NIC_CHANGED: "VmNicDifference",
  NICS_TOLD: "VmDifference",
};

registerEnumType(DifferenceKindEnum, {
  name: "GuestNetworkDifferenceKind",
  description: "A kind of difference between a VM and what it was just before.",
  valuesConfig: {
    VM_APPEARED: { description: "A host reported the VM for the first time." },
    VM_FORGOTTEN: { description: "The VM is not stored any more." },
    VM_RENAMED: { description: "The VM has another name." },
    VM_STATUS_CHANGED: { description: "The VM has another state." },
    VM_MOVED: { description: "Another host runs the VM, or none." },
    GUEST_RENAMED: { description: "The guest has another host name." },
    STALENESS_CHANGED: {
      description: "The guest's data became stale, or current again, or stale for another reason.",
    },
    DEVICE_APPEARED: { description: "An interface appeared in the guest: a NIC, a VLAN, a bond, a bridge." },
    DEVICE_DISAPPEARED: { description: "An interface disappeared from the guest." },
    DEVICE_RENAMED: { description: "An interface with the same MAC has another name." },
    DEVICE_CHANGED: { description: "An interface changed otherwise, such as in the order of its addresses." },
    DEVICES_REORDERED: { description: "The guest reports its interfaces in another order." },
    ADDRESS_ADDED: { description: "The guest got an address." },
    ADDRESS_REMOVED: { description: "The guest lost an address." },
    ADDRESS_LIST_CHANGED: {
      description: "The list of all addresses changed otherwise than the interfaces show.",
    },
    NIC_APPEARED: { description: "The VM got a vNIC." },
    NIC_DISAPPEARED: { description: "The VM lost a vNIC." },
    NIC_CHANGED: { description: "A vNIC has another name, MAC, network or link." },
    NICS_TOLD: { description: "A host reported the VM's vNICs for the first time." },
  },
});

registerEnumType(DeviceTypeEnum, {
  name: "NetworkDeviceType",
  description: "A kind of interface, as far as its name shows.",
  valuesConfig: {
    VLAN: { description: "A VLAN, such as `eth0.100` or `vlan10`." },
    BOND: { description: "A bond or a team, such as `bond0`." },
    BRIDGE: { description: "A bridge, such as `br0`." },
    CONTAINER: { description: "Made by a host of containers or of VMs for itself, such as `docker0`." },
  },
});
