import { areNicsKnown } from "../../store/changes/versions/vm-version.js";
import { sortInterfaces } from "../../store/read/guest-interfaces.js";
import type {
  GuestInterface,
  HostChanges,
  Nic,
  StoredVm,
  VisibleChange,
  VmState,
} from "../../store/types.js";
import { diffInterfaces, NO_INTERFACE_CHANGES, type InterfaceChanges } from "./diff.js";
import { diffNics } from "./nics.js";

/** The changes to write, and the VMs that change for readers. */
export interface PlannedChanges {
  readonly changes: HostChanges;
  readonly changedVmIds: readonly string[];
  /** The same VMs before and after, for the change log. */
  readonly visibleChanges: readonly VisibleChange[];
}

/** The changes of a pass that found none. */
export const NO_CHANGES: HostChanges = {
  newVms: [],
  changedVms: [],
  insertedInterfaces: [],
  deletedInterfaces: [],
  updatedInterfaces: [],
  interfaceOrders: [],
  upsertedNics: [],
  deletedNics: [],
};

/** Collects the differences between the stored and the wanted state, VM by VM. */
export class PlanBuilder {
  private readonly newVms: VmState[] = [];
  private readonly changedVms: { before: VmState; after: VmState }[] = [];
  private readonly insertedInterfaces: GuestInterface[] = [];
  private readonly deletedInterfaces: GuestInterface[] = [];
  private readonly updatedInterfaces: { before: GuestInterface; after: GuestInterface }[] = [];
  private readonly interfaceOrders: { vmId: string; names: (string | null)[] }[] = [];
  private readonly upsertedNics: Nic[] = [];
  private readonly deletedNics: Nic[] = [];
  private readonly visibleChanges = new Map<string, VisibleChange>();

  add(stored: StoredVm | null, after: StoredVm): void {
    const before = stored?.interfaces ?? [];
    const interfaceChanges = diffInterfaces(before, after.interfaces);
    this.addInterfaces(before, interfaceChanges, after);
    const isVisible = [
      this.addState(stored, after),
      interfaceChanges !== NO_INTERFACE_CHANGES,
      this.addNics(stored, after),
    ].includes(true);
    if (!isVisible) return;
    const interfaces = mergeInterfaces(before, interfaceChanges, after);
    this.visibleChanges.set(after.id, { before: stored, after: { ...after, interfaces } });
  }

  build(): PlannedChanges {
    return {
      changes: {
        newVms: this.newVms,
        changedVms: this.changedVms,
        insertedInterfaces: this.insertedInterfaces,
        deletedInterfaces: this.deletedInterfaces,
        updatedInterfaces: this.updatedInterfaces,
        interfaceOrders: this.interfaceOrders,
        upsertedNics: this.upsertedNics,
        deletedNics: this.deletedNics,
      },
      changedVmIds: [...this.visibleChanges.keys()],
      visibleChanges: [...this.visibleChanges.values()],
    };
  }

  /** Returns `true` if a reader sees a difference. */
  private addState(stored: StoredVm | null, after: StoredVm): boolean {
    if (stored === null) {
      this.newVms.push(dropLists(after));
      return true;
    }
    if (STATE_KEYS.every((key) => stored[key] === after[key])) return false;
    this.changedVms.push({ before: dropLists(stored), after: dropLists(after) });
    return VISIBLE_KEYS.some((key) => stored[key] !== after[key]);
  }

  private addInterfaces(
    stored: readonly GuestInterface[],
    changes: InterfaceChanges,
    { id, interfaces }: StoredVm,
  ): void {
    for (const guestInterface of changes.inserted) this.insertedInterfaces.push(guestInterface);
    for (const guestInterface of changes.deleted) this.deletedInterfaces.push(guestInterface);
    for (const change of changes.updated) this.updatedInterfaces.push(change);
    if (isReordered(stored, changes, interfaces)) {
      this.interfaceOrders.push({ vmId: id, names: interfaces.map(({ name }) => name) });
    }
  }

  /** Returns `true` if a reader sees a difference. */
  private addNics(stored: StoredVm | null, after: StoredVm): boolean {
    const [before, { nics }] = [stored?.nics ?? [], after];
    const isKnownNow = stored !== null && areNicsKnown(stored) !== areNicsKnown(after);
    if (before === nics) return isKnownNow;
    const { upserted, deleted } = diffNics(before, nics);
    this.upsertedNics.push(...upserted);
    this.deletedNics.push(...deleted);
    return isKnownNow || upserted.length + deleted.length > 0;
  }
}

/** Returns `true` if the order of the names has to be stored again. */
function isReordered(
  stored: readonly GuestInterface[],
  { inserted, deleted, updated }: InterfaceChanges,
  interfaces: readonly GuestInterface[],
): boolean {
  if (inserted.length + deleted.length > 0) return true;
  return updated.length > 0 && stored.some(({ name }, index) => name !== interfaces[index]?.name);
}

/** Returns the interfaces as they will be stored and read. An interface that did not change is the stored one. */
function mergeInterfaces(
  stored: readonly GuestInterface[],
  changes: InterfaceChanges,
  { interfaces }: StoredVm,
): readonly GuestInterface[] {
  const { inserted, deleted, updated } = changes;
  const gone = new Set([...deleted, ...updated.map(({ before }) => before)]);
  const kept = stored.filter((guestInterface) => !gone.has(guestInterface));
  const ordered = isReordered(stored, changes, interfaces) ? interfaces : stored;
  return sortInterfaces(
    [...kept, ...updated.map(({ after }) => after), ...inserted],
    ordered.map(({ name }) => name),
  );
}

function dropLists({ interfaces: _interfaces, nics: _nics, ...state }: StoredVm): VmState {
  return state;
}

/** The values of a VM's state that readers see. They see a missed pass as `VM_MISSING`. */
const VISIBLE_KEYS = [
  "name",
  "status",
  "ownerId",
  "ips",
  "fqdn",
  "silence",
  "staleDetail",
  "missedPasses",
  "ignoredMacs",
] as const;
const STATE_KEYS = [...VISIBLE_KEYS, "incomingId", "contenderId", "inventoryHash"] as const;
