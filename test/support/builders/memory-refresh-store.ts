import { formatInterfaceKey } from "../../../src/refresher/plan/diff.js";
import type {
  ConfiguredHost,
  DroppedHost,
  GuestInterface,
  HostChanges,
  HostClaim,
  HostFailure,
  PolledHost,
  RefreshStore,
  StoredVm,
  VmState,
} from "../../../src/store/types.js";

/**
 * A RefreshStore over maps, with the same contract. It can run a hundred thousand interleavings, and can fail where a
 * database cannot.
 */
export class MemoryRefreshStore implements RefreshStore {
  readonly epochs = new Map<string, bigint>();
  readonly vms = new Map<string, StoredVm>();
  readonly names = new Map<string, string>();
  readonly failures = new Map<string, HostFailure>();
  /** Names of the calls, in order. */
  readonly calls: string[] = [];
  /** Set to make every call of this name fail. */
  readonly broken = new Map<string, unknown>();

  registerHosts(hosts: readonly ConfiguredHost[]): Promise<readonly DroppedHost[]> {
    return this.call("registerHosts", () => {
      for (const { id } of hosts) this.epochs.set(id, this.epochs.get(id) ?? 0n);
      return [];
    });
  }

  renewRegistration(): Promise<boolean> {
    return this.call("renewRegistration", () => true);
  }

  endRegistration(): Promise<void> {
    return this.call("endRegistration", () => undefined);
  }

  reconcileHosts(): Promise<readonly DroppedHost[]> {
    return this.call("reconcileHosts", () => []);
  }

  releaseClaim(): Promise<void> {
    return this.call("releaseClaim", () => undefined);
  }

  addHost(host: ConfiguredHost): Promise<void> {
    return this.call("addHost", () => void this.epochs.set(host.id, this.epochs.get(host.id) ?? 0n));
  }

  removeHost(hostId: string): Promise<boolean> {
    return this.call("removeHost", () => this.epochs.has(hostId) && this.raise(hostId) > 0n);
  }

  listHosts(): Promise<PolledHost[]> {
    return Promise.reject(new Error("nobody asks this here"));
  }

  listFailingHosts(): Promise<string[]> {
    return Promise.reject(new Error("nobody asks this here"));
  }

  claim(hostId: string): Promise<HostClaim> {
    return this.call("claim", () => ({ hostId, epoch: this.raise(hostId) }));
  }

  readHostVms(hostId: string, vmIds: readonly string[]): Promise<StoredVm[]> {
    return this.call("readHostVms", () => this.vmsNow(hostId, vmIds));
  }

  readVms(vmIds: readonly string[]): Promise<StoredVm[]> {
    return this.call("readVms", () => this.vmsNow(null, vmIds));
  }

  readNicHolders(nicIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.call("readNicHolders", () => this.nicHoldersNow(nicIds));
  }

  apply(claim: HostClaim, changes: HostChanges): Promise<boolean> {
    return this.call("apply", () => this.applyNow(claim, changes));
  }

  fail(claim: HostClaim, failure: HostFailure): Promise<boolean> {
    return this.call("fail", () => {
      if (this.epochs.get(claim.hostId) !== claim.epoch) return false;
      this.failures.set(claim.hostId, failure);
      return true;
    });
  }

  renameHost(hostId: string, name: string): Promise<void> {
    return this.call("renameHost", () => void this.names.set(hostId, name));
  }

  raise(hostId: string): bigint {
    const epoch = (this.epochs.get(hostId) ?? 0n) + 1n;
    this.epochs.set(hostId, epoch);
    return epoch;
  }

  vmsNow(hostId: string | null, vmIds: readonly string[]): StoredVm[] {
    const wanted = new Set(vmIds);
    return [...this.vms.values()].filter(
      (vm) =>
        wanted.has(vm.id) ||
        (hostId !== null && [vm.ownerId, vm.incomingId, vm.contenderId].includes(hostId)),
    );
  }

  nicHoldersNow(nicIds: readonly string[]): Map<string, string> {
    const held = [...this.vms.values()]
      .flatMap(({ nics }) => nics)
      .map(({ id, vmId }) => [id, vmId] as const);
    return new Map(held.filter(([id]) => nicIds.includes(id)));
  }

  applyNow(claim: HostClaim, changes: HostChanges): boolean {
    if (this.epochs.get(claim.hostId) !== claim.epoch) return false;
    if (changes.newVms.some(({ id }) => this.vms.has(id))) return false;
    for (const { before } of changes.changedVms) {
      const now = this.vms.get(before.id);
      if (now === undefined || STANDINGS.some((key) => now[key] !== before[key])) return false;
    }
    const freed = new Set(changes.deletedNics.map(({ id, vmId }) => `${vmId} ${id}`));
    const holders = new Map(
      [...this.vms.values()]
        .flatMap(({ nics }) => nics)
        .filter(({ id, vmId }) => !freed.has(`${vmId} ${id}`))
        .map(({ id, vmId }) => [id, vmId]),
    );
    if (changes.upsertedNics.some(({ id, vmId }) => (holders.get(id) ?? vmId) !== vmId)) return false;
    for (const vm of changes.newVms) this.vms.set(vm.id, { ...vm, interfaces: [], nics: [] });
    for (const { before, after } of changes.changedVms) {
      this.edit(after.id, (vm) => ({ ...vm, ...after }));
      for (const id of invalidated(before, after)) if (id !== claim.hostId) this.raise(id);
    }
    for (const { before } of changes.updatedInterfaces) this.removeInterface(before);
    for (const gone of changes.deletedInterfaces) this.removeInterface(gone);
    for (const added of [
      ...changes.updatedInterfaces.map(({ after }) => after),
      ...changes.insertedInterfaces,
    ]) {
      this.edit(added.vmId, (vm) => ({ ...vm, interfaces: [...vm.interfaces, added] }));
    }
    for (const { vmId, names } of changes.interfaceOrders) {
      this.edit(vmId, (vm) => ({
        ...vm,
        interfaces: vm.interfaces.toSorted(
          (left, right) => names.indexOf(left.name) - names.indexOf(right.name),
        ),
      }));
    }
    const moved = new Set(changes.upsertedNics.map(({ id }) => id));
    const deleted = new Set(changes.deletedNics.map(({ id, vmId }) => `${vmId} ${id}`));
    for (const vm of this.vms.values()) {
      const left = vm.nics.filter(({ id }) => !moved.has(id) && !deleted.has(`${vm.id} ${id}`));
      if (left.length < vm.nics.length) this.vms.set(vm.id, { ...vm, nics: left });
    }
    for (const nic of changes.upsertedNics) this.edit(nic.vmId, (vm) => ({ ...vm, nics: [...vm.nics, nic] }));
    return true;
  }

  private removeInterface(gone: GuestInterface): void {
    this.edit(gone.vmId, (vm) => {
      const at = vm.interfaces.findIndex((each) => formatInterfaceKey(each) === formatInterfaceKey(gone));
      if (at < 0) throw new Error(`no such interface: ${formatInterfaceKey(gone)}`);
      return { ...vm, interfaces: vm.interfaces.toSpliced(at, 1) };
    });
  }

  private edit(vmId: string, change: (vm: StoredVm) => StoredVm): void {
    const vm = this.vms.get(vmId);
    if (vm === undefined) throw new Error(`no VM ${vmId}`);
    this.vms.set(vmId, change(vm));
  }

  private async call<T>(name: string, answer: () => T): Promise<T> {
    this.calls.push(name);
    await Promise.resolve();
    const reason = this.broken.get(name) as Error | undefined;
    if (reason !== undefined) throw reason;
    return answer();
  }
}

const STANDINGS = ["ownerId", "incomingId", "contenderId"] as const;

/** Finds the hosts whose running pass, or memory of the last one, is invalid. Another host has written one of their VMs. */
function invalidated(before: VmState, after: VmState): Set<string> {
  const changed = STANDINGS.filter((key) => before[key] !== after[key]).flatMap((key) => [
    before[key],
    after[key],
  ]);
  return new Set([before.ownerId, ...changed].filter((id) => id !== null));
}
