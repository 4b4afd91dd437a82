import type { VisibleChange, HostChanges, Store, StoredVm, VmState } from "../../../src/store/types.js";
import { HOST_A } from "../../support/builders/ids.js";
import { claimHost } from "../../support/builders/passes.js";
import { hostChanges, toGuestInterfaceOf, vmState } from "../../support/builders/stored.js";

/** A stored VM with one interface. */
export function storedVm(number: number, values: Partial<StoredVm> = {}): StoredVm {
  return {
    ...vmState(number, { ips: "10.1.2.3" }),
    interfaces: [toGuestInterfaceOf(number)],
    nics: [],
    ...values,
  };
}

/** Writes a pass that finds these VMs for the first time, with the log's rows. */
export async function addVms(store: Store, vms: readonly StoredVm[], hostId = HOST_A): Promise<void> {
  const written = await writePass(
    store,
    hostId,
    {
      newVms: vms.map(({ interfaces: _, nics: __, ...state }) => state),
      insertedInterfaces: vms.flatMap(({ interfaces }) => interfaces),
      interfaceOrders: vms.map(({ id, interfaces }) => ({
        vmId: id,
        names: interfaces.map(({ name }) => name),
      })),
      upsertedNics: vms.flatMap(({ nics }) => nics),
    },
    vms.map((after) => ({ before: null, after })),
  );
  if (!written) throw new Error("the pass was superseded");
}

/** Writes a pass in which one VM has other values; returns the VM after it. */
export async function changeVm(store: Store, before: StoredVm, values: Partial<VmState>): Promise<StoredVm> {
  await changeVms(store, [before], values);
  return { ...before, ...values };
}

/** Writes a pass in which one VM has another list of addresses; returns the VM after it. */
export function changeIps(store: Store, before: StoredVm, ips: string): Promise<StoredVm> {
  return changeVm(store, before, { ips });
}

/** Writes a pass in which many VMs of one host get the same list of addresses. */
export function changeAllIps(store: Store, vms: readonly StoredVm[], ips: string): Promise<void> {
  return changeVms(store, vms, { ips });
}

async function changeVms(store: Store, vms: readonly StoredVm[], values: Partial<VmState>): Promise<void> {
  const changedVms = vms.map(({ interfaces: _, nics: __, ...before }) => ({
    before,
    after: { ...before, ...values },
  }));
  const changes = vms.map((before) => ({ before, after: { ...before, ...values } }));
  const written = await writePass(store, vms[0]?.ownerId ?? HOST_A, { changedVms }, changes);
  if (!written) throw new Error("the pass was superseded");
}

async function writePass(
  store: Store,
  hostId: string,
  written: Partial<HostChanges>,
  visibleChanges: readonly VisibleChange[],
): Promise<boolean> {
  const findings = { vmCount: 1, durationMs: 1, visibleChanges };
  return store.apply(await claimHost(store, hostId), hostChanges(written), findings);
}
