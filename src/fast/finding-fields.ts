import {
  findAddressDevice,
  findAddressNic,
  findDriftDevice,
  findSharing,
} from "../loaders/interfaces/address-holder.js";
import type {
  AddressConflictRow,
  DriftRow,
  GuestAddressRow,
  MacConflictRow,
  Nic,
  VmTree,
  VmTreeParts,
} from "../loaders/rows.js";
import type { Placed, TreeField } from "./vm-fields.js";

/** A row of what is found in many VMs, and these VMs. */
export interface Finding<Row> {
  readonly row: Row;
  readonly found: FoundVms;
}

/** The VMs of a page's rows. */
export interface FoundVms {
  /** Returns a VM; throws if it was not found. Execution then says what there is instead. */
  readonly getTree: (vmId: string) => VmTree;
  /** Returns the vNICs with a MAC, by name. */
  readonly getNics: (macAddress: string) => readonly Nic[];
}

type HeldAddress = Finding<GuestAddressRow>;
type SharedAddress = Finding<AddressConflictRow>;
type SharedMac = Finding<MacConflictRow>;
type FoundDrift = Finding<DriftRow>;

/** A guest may have hundreds of interfaces, among which the right one is looked for. */
const WORK = 5;

const LISTS: Partial<VmTreeParts> = { interfaces: true, nics: true };

/** The fields of what is found in many VMs, with the same values as their resolvers in `graph/fields`. */
export const FINDING_FIELDS: Readonly<Record<string, Readonly<Record<string, TreeField>>>> = {
  GuestAddress: {
    address: readFrom(({ row }: HeldAddress) => row.address),
    vm: placeFrom((held: HeldAddress) => placeInVm(held, (tree) => tree)),
    device: placeFrom((held: HeldAddress) => {
      return placeInVm(held, ({ lists }) => findAddressDevice(held.row.address, lists));
    }, LISTS),
    vmNic: placeFrom((held: HeldAddress) => {
      return placeInVm(held, ({ lists }) => findAddressNic(held.row.address, lists));
    }, LISTS),
  },
  AddressConflict: {
    address: readFrom(({ row }: SharedAddress) => row.address),
    vmCount: readFrom(({ row }: SharedAddress) => row.vmCount),
    kind: {
      ...readFrom(({ row: { address, vmIds }, found }: SharedAddress) => {
        return findSharing(
          address,
          vmIds.map((vmId) => found.getTree(vmId).lists),
        );
      }, LISTS),
      // All interfaces of each VM are compared.
      work: (conflict) => 4 * WORK * (conflict as SharedAddress).row.vmIds.length,
    },
    holders: placeFrom(({ row: { address, vmIds }, found }: SharedAddress) =>
      vmIds.map((vmId) => ({ object: { row: { address, vmId }, found }, tree: found.getTree(vmId) })),
    ),
  },
  MacConflict: {
    macAddress: readFrom(({ row }: SharedMac) => row.macAddress),
    vmCount: readFrom(({ row }: SharedMac) => row.vmCount),
    vmNics: placeFrom(({ row, found }: SharedMac) =>
      found.getNics(row.macAddress).map((nic) => ({ object: nic, tree: found.getTree(nic.vmId) })),
    ),
  },
  Drift: {
    kind: readFrom(({ row }: FoundDrift) => row.kind),
    vm: placeFrom((drift: FoundDrift) => placeInVm(drift, (tree) => tree)),
    vmNic: placeFrom((drift: FoundDrift) => placeInVm(drift, (tree) => findDriftNic(drift.row, tree)), {
      nics: true,
    }),
    device: placeFrom(
      (drift: FoundDrift) => placeInVm(drift, ({ lists }) => findDriftDevice(drift.row, lists.interfaces)),
      { interfaces: true },
    ),
  },
};

function findDriftNic({ nicId }: DriftRow, { lists }: VmTree): Nic | null {
  if (nicId === null) return null;
  const found = lists.nics.find(({ id }) => id === nicId);
  // Another VM may have it by now. Execution looks for it everywhere.
  if (found === undefined) throw new Error("the VM has no such vNIC");
  return found;
}

/** Places what is found in a row's VM; `null`: nothing is. */
function placeInVm(
  { row, found }: Finding<{ readonly vmId: string }>,
  find: (tree: VmTree) => unknown,
): Placed | null {
  const tree = found.getTree(row.vmId);
  const object = find(tree);
  return object === null ? null : { object, tree };
}

function readFrom<Row>(
  read: (finding: Finding<Row>) => unknown,
  parts: Partial<VmTreeParts> = {},
): TreeField {
  return { parts, work: WORK, bind: () => (finding) => read(finding as Finding<Row>) };
}

function placeFrom<Row>(
  find: (finding: Finding<Row>) => Placed | readonly Placed[] | null,
  parts: Partial<VmTreeParts> = {},
): TreeField {
  return { parts, work: WORK, isPlaced: true, bind: () => (finding) => find(finding as Finding<Row>) };
}
