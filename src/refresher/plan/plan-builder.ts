import type { GuestInterface, HostChanges, Nic, StoredVm, VmState } from "../../store/types.js";
import { diffInterfaces } from "./diff.js";
import { diffNics } from "./nics.js";

/** What to write, and the VMs of which a reader sees a difference. */
export interface PlannedChanges {
  readonly changes: HostChanges;
  readonly changedVmIds: readonly string[];
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

/** Collects, VM by VM, what differs between the stored and the wanted state. */
export class PlanBuilder {
  private readonly newVms: VmState[] = [];
  private readonly changedVms: { before: VmState; after: VmState }[] = [];
  private readonly insertedInterfaces: GuestInterface[] = [];
  private readonly deletedInterfaces: GuestInterface[] = [];
  private readonly updatedInterfaces: { before: GuestInterface; after: GuestInterface }[] = [];
  private readonly interfaceOrders: { vmId: string; names: (string | null)[] }[] = [];
  /** By id, which is unique over all VMs: a vNIC that two VMs claim is written once, for the last of them. */
  private readonly upsertedNics = new Map<string, Nic>();
  private readonly deletedNics: Nic[] = [];
  private readonly changedVmIds = new Set<string>();

  add(stored: StoredVm | null, after: StoredVm): void {
    this.addState(stored, after);
    this.addInterfaces(stored?.interfaces ?? [], after);
    this.addNics(stored?.nics ?? [], after);
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
        upsertedNics: [...this.upsertedNics.values()],
        // A vNIC that moved from one VM to another is not gone.
        deletedNics: this.deletedNics.filter(({ id }) => !this.upsertedNics.has(id)),
      },
      changedVmIds: [...this.changedVmIds],
    };
  }

  private addState(stored: StoredVm | null, after: StoredVm): void {
    if (stored === null) {
      this.newVms.push(dropLists(after));
      this.changedVmIds.add(after.id);
      return;
    }
    if (STATE_KEYS.every((key) => stored[key] === after[key])) return;
    this.changedVms.push({ before: dropLists(stored), after: dropLists(after) });
    if (VISIBLE_KEYS.some((key) => stored[key] !== after[key])) this.changedVmIds.add(after.id);
  }

  private addInterfaces(stored: readonly GuestInterface[], { id, interfaces }: StoredVm): void {
    const { inserted, deleted, updated } = diffInterfaces(stored, interfaces);
    for (const device of inserted) this.insertedInterfaces.push(device);
    for (const device of deleted) this.deletedInterfaces.push(device);
    for (const change of updated) this.updatedInterfaces.push(change);
    const membersChanged = inserted.length + deleted.length > 0;
    if (membersChanged || (updated.length > 0 && !hasSameNames(stored, interfaces)))
      this.interfaceOrders.push({ vmId: id, names: interfaces.map(({ name }) => name) });
    if (membersChanged || updated.length > 0) this.changedVmIds.add(id);
  }

  private addNics(stored: readonly Nic[], { id, nics }: StoredVm): void {
    if (stored === nics) return;
    const { upserted, deleted } = diffNics(stored, nics);
    for (const nic of upserted) this.upsertedNics.set(nic.id, nic);
    this.deletedNics.push(...deleted);
    if (upserted.length + deleted.length > 0) this.changedVmIds.add(id);
  }
}

function hasSameNames(left: readonly GuestInterface[], right: readonly GuestInterface[]): boolean {
  return left.every(({ name }, index) => name === right[index]?.name);
}

function dropLists({ interfaces: _interfaces, nics: _nics, ...state }: StoredVm): VmState {
  return state;
}

/** The 1:1 values of a VM that a reader sees; a missed pass is seen as `VM_MISSING`. */
const VISIBLE_KEYS = [
  "name",
  "status",
  "ownerId",
  "ips",
  "fqdn",
  "silence",
  "staleDetail",
  "missedPasses",
] as const;
const STATE_KEYS = [...VISIBLE_KEYS, "incomingId", "contenderId", "inventoryHash"] as const;
