import { findKnownStatus, VmStatus } from "../graph/types/enums.js";
import { findGuestSource } from "../loaders/interfaces/guest-source.js";
import {
  findBestInterfaceOfNic,
  findInterfacesOfNic,
  findNicOfInterface,
} from "../loaders/interfaces/match.js";
import type { GuestInterface, Nic, VmRow, VmTree, VmTreeParts } from "../loaders/rows.js";

/** Reads a field's value from its object; `tree` is the VM that the object belongs to. */
export type ReadValue = (object: unknown, tree: VmTree) => unknown;

/** A field whose value needs only the VM's tree. */
export interface TreeField {
  readonly read: ReadValue;
  /** The parts of the tree that it needs, besides those of its own fields. */
  readonly parts?: Partial<VmTreeParts>;
}

/**
 * The fields that are answered from a VM's tree, with the same values as their resolvers in `graph/fields`. If an operation
 * asks for any other field, its resolvers execute all of it. The object of Vm and GuestInfo is the tree itself.
 */
export const VM_FIELDS: Readonly<Record<string, Readonly<Record<string, TreeField>>>> = {
  Vm: {
    id: ofTree(({ vm }) => vm.id),
    name: ofTree(({ vm }) => vm.name),
    status: ofTree(({ vm }) => findKnownStatus(VmStatus, vm.status, VmStatus.UNKNOWN)),
    nics: ofTree((tree) => (tree.vm.nicsKnown ? tree.lists.nics : null), { nics: true }),
    guestInfo: ofTree((tree) => tree),
  },
  GuestInfo: {
    networkDevices: ofTree(listKnownInterfaces, { interfaces: true }),
    fqdn: ofRow((row) => row.fqdn),
    ips: ofRow((row) => row.ips),
    lastReportedAt: ofRow((row) => row.lastReportedAt),
    lastChangedAt: ofRow((row) => row.lastChangedAt),
    stale: ofRow((row) => row.staleReason !== null),
    staleReason: ofRow((row) => row.staleReason),
    staleSince: ofRow((row) => row.staleSince),
    staleDetail: ofRow((row) => (row.staleReason === null ? null : row.staleDetail)),
    source: ofRow((row) => findGuestSource(row)),
  },
  VmNic: {
    id: ofNic((nic) => nic.id),
    name: ofNic((nic) => nic.name),
    macAddress: ofNic((nic) => nic.macAddress),
    network: ofNic((nic) => nic.network),
    linked: ofNic((nic) => nic.linked),
    plugged: ofNic((nic) => nic.plugged),
    vm: ofTree((tree) => tree),
    guestInterface: ofNic((nic, tree) => findBestInterfaceOfNic(nic, listKnownInterfaces(tree)), {
      interfaces: true,
    }),
    guestInterfaces: ofNic((nic, tree) => findInterfacesOfNic(nic, listKnownInterfaces(tree)), {
      interfaces: true,
    }),
  },
  NetworkDevice: {
    name: ofDevice((device) => device.name),
    macAddress: ofDevice((device) => device.macAddress),
    ipv4Addresses: ofDevice((device) => device.ipv4Addresses),
    ipv6Addresses: ofDevice((device) => device.ipv6Addresses),
    vmNic: ofDevice((device, tree) => findNicOfInterface(device, tree.lists.nics), { nics: true }),
  },
};

function listKnownInterfaces({ vm, lists }: VmTree): readonly GuestInterface[] | null {
  return vm.interfacesKnown ? lists.interfaces : null;
}

function ofTree(read: (tree: VmTree) => unknown, parts: Partial<VmTreeParts> = {}): TreeField {
  return { read: (_, tree) => read(tree), parts };
}

function ofRow(read: (row: VmRow) => unknown): TreeField {
  return {
    parts: { row: true },
    read: (_, { row }) => {
      if (row === null) throw new Error("a VM's row is needed that was not read");
      return read(row);
    },
  };
}

function ofNic(read: (nic: Nic, tree: VmTree) => unknown, parts: Partial<VmTreeParts> = {}): TreeField {
  return { read: (nic, tree) => read(nic as Nic, tree), parts };
}

function ofDevice(
  read: (device: GuestInterface, tree: VmTree) => unknown,
  parts: Partial<VmTreeParts> = {},
): TreeField {
  return { read: (device, tree) => read(device as GuestInterface, tree), parts };
}
