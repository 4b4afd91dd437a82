import { parseAddressQuestion } from "../graph/arguments/address-question.js";
import { findKnownStatus, VmStatus } from "../graph/types/enums.js";
import { findGuestSource } from "../loaders/interfaces/guest-source.js";
import {
  findBestInterfaceOfNic,
  findInterfacesOfNic,
  findNicOfInterface,
} from "../loaders/interfaces/match.js";
import { findMissingInterface } from "../loaders/interfaces/missing-interface.js";
import {
  findPrimaryOfIps,
  findPrimaryOfNic,
  type FoundAddress,
} from "../loaders/interfaces/primary-address.js";
import type { MissingInterface } from "../model/guest/missing-interface.js";
import { findPrimaryAddress, type PrimaryAddressQuestion } from "../model/address/primary-address.js";
import type { GuestInterface, Nic, VmRow, VmTree, VmTreeParts } from "../loaders/rows.js";

/** The arguments of a field, coerced by the schema. */
type Arguments = Readonly<Record<string, unknown>>;

/** Reads a field's value from its object; `tree` is the VM that the object belongs to. */
export type ReadValue = (object: unknown, tree: VmTree) => unknown;

/** An object, and the VM that it belongs to. */
export interface Placed<Value = unknown> {
  readonly object: Value;
  readonly tree: VmTree;
}

/** A field whose value needs only the VM's tree. */
export interface TreeField {
  /** Creates the function that reads it, of the field's arguments. */
  readonly bind: (args: Arguments) => ReadValue;
  /** `true`: it may have arguments. */
  readonly hasArguments?: boolean;
  /** How much longer it takes than to write an object; left out: no longer. */
  readonly work?: number | ((object: unknown) => number);
  /** `true`: its objects belong to other VMs than the object that has the field; each is a {@link Placed}. */
  readonly isPlaced?: boolean;
  /** The parts of the tree that it needs, besides those of its own fields. */
  readonly parts?: Partial<VmTreeParts>;
}

/**
 * The fields that are answered from a VM's tree, with the same values as their resolvers in `graph/fields`. If an operation
 * asks for any other field, its resolvers execute all of it. The object of Vm and GuestInfo is the tree itself.
 */
export const VM_FIELDS: Readonly<Record<string, Readonly<Record<string, TreeField>>>> = {
  Vm: {
    id: readFromTree(({ vm }) => vm.id),
    name: readFromTree(({ vm }) => vm.name),
    status: readFromTree(({ vm }) => findKnownStatus(VmStatus, vm.status, VmStatus.UNKNOWN)),
    nics: readFromTree((tree) => (tree.vm.nicsKnown ? tree.lists.nics : null), { nics: true }),
    guestInfo: readFromTree((tree) => tree),
  },
  GuestInfo: {
    networkDevices: readFromTree(listKnownInterfaces, { interfaces: true }),
    fqdn: readFromRow((row) => row.fqdn),
    ips: readFromRow((row) => row.ips),
    lastReportedAt: readFromRow((row) => row.lastReportedAt),
    lastChangedAt: readFromRow((row) => row.lastChangedAt),
    stale: readFromRow((row) => row.staleReason !== null),
    staleReason: readFromRow((row) => row.staleReason),
    staleSince: readFromRow((row) => row.staleSince),
    staleDetail: readFromRow((row) => (row.staleReason === null ? null : row.staleDetail)),
    source: readFromRow((row) => findGuestSource(row)),
    primaryAddress: chooseAddress(
      (_, tree, question) =>
        tree.vm.interfacesKnown
          ? findPrimaryAddress(tree.lists.interfaces, tree.lists.nics, question)
          : findPrimaryOfIps(getRow(tree).ips, question),
      { row: true, interfaces: true, nics: true },
    ),
  },
  VmNic: {
    id: readFromNic((nic) => nic.id),
    name: readFromNic((nic) => nic.name),
    macAddress: readFromNic((nic) => nic.macAddress),
    network: readFromNic((nic) => nic.network),
    linked: readFromNic((nic) => nic.linked),
    plugged: readFromNic((nic) => nic.plugged),
    vm: readFromTree((tree) => tree),
    guestInterface: readFromNic((nic, tree) => findBestInterfaceOfNic(nic, listKnownInterfaces(tree)), {
      interfaces: true,
    }),
    guestInterfaces: readFromNic((nic, tree) => findInterfacesOfNic(nic, listKnownInterfaces(tree)), {
      interfaces: true,
    }),
    missingReason: readFromMissing((missing) => missing.reason),
    probableInterface: readFromMissing((missing) => missing.probable),
    primaryAddress: chooseAddress(
      (nic, tree, question) => findPrimaryOfNic(nic as Nic, listKnownInterfaces(tree), question),
      { interfaces: true },
    ),
  },
  PrimaryAddress: {
    address: readFromAddress((found) => found.address),
    reason: readFromAddress((found) => found.reason),
    device: readFromAddress((found) => found.guestInterface),
    vmNic: readFromAddress((found) => found.nic),
  },
  NetworkDevice: {
    name: readFromDevice((device) => device.name),
    macAddress: readFromDevice((device) => device.macAddress),
    ipv4Addresses: readFromDevice((device) => device.ipv4Addresses),
    ipv6Addresses: readFromDevice((device) => device.ipv6Addresses),
    vmNic: readFromDevice((device, tree) => findNicOfInterface(device, tree.lists.nics), { nics: true }),
  },
};

function listKnownInterfaces({ vm, lists }: VmTree): readonly GuestInterface[] | null {
  return vm.interfacesKnown ? lists.interfaces : null;
}

function readFromTree(read: (tree: VmTree) => unknown, parts: Partial<VmTreeParts> = {}): TreeField {
  return { bind: () => (_, tree) => read(tree), parts };
}

function readFromRow(read: (row: VmRow) => unknown): TreeField {
  return { parts: { row: true }, bind: () => (_, tree) => read(getRow(tree)) };
}

function getRow({ row }: VmTree): VmRow {
  if (row === null) throw new Error("a VM's row is needed that was not read");
  return row;
}

function readFromNic(read: (nic: Nic, tree: VmTree) => unknown, parts: Partial<VmTreeParts> = {}): TreeField {
  return { bind: () => (nic, tree) => read(nic as Nic, tree), parts };
}

function readFromDevice(
  read: (device: GuestInterface, tree: VmTree) => unknown,
  parts: Partial<VmTreeParts> = {},
): TreeField {
  return { bind: () => (device, tree) => read(device as GuestInterface, tree), parts };
}

/** Creates a field that chooses one of a guest's addresses, of which there may be hundreds. */
function chooseAddress(
  find: (object: unknown, tree: VmTree, question: PrimaryAddressQuestion) => FoundAddress | null,
  parts: Partial<VmTreeParts>,
): TreeField {
  return {
    ...{ hasArguments: true, work: 20, parts },
    bind: (args) => {
      const question = parseAddressQuestion(args);
      return (object, tree) => find(object, tree, question);
    },
  };
}

/** Creates a field that tells of what is missing. All vNICs of a VM are compared with all its interfaces, once. */
function readFromMissing(read: (missing: MissingInterface<GuestInterface>) => unknown): TreeField {
  return {
    ...{ work: 5, parts: { row: true, interfaces: true, nics: true, ignored: true } },
    bind: () => (nic, tree) => {
      const lists = { interfaces: listKnownInterfaces(tree), nics: tree.lists.nics };
      const missing = findMissingInterface(nic as Nic, getRow(tree), lists);
      return missing && read(missing);
    },
  };
}

function readFromAddress(read: (found: FoundAddress) => unknown): TreeField {
  return { bind: () => (found) => read(found as FoundAddress) };
}
