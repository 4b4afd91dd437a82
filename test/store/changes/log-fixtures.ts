import type { VisibleChange, HostChanges, Store, StoredVm } from "../../../src/store/types.js";
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

/** Writes a pass in which one VM has another list of addresses; returns the VM after it. */
export async function changeIps(store: Store, before: StoredVm, ips: string): Promise<StoredVm> {
  const { interfaces, nics, ...state } = before;
  const after = { ...before, ips };
  const changed = { before: state, after: { ...state, ips } };
  const written = await writePass(store, before.ownerId ?? HOST_A, { changedVms: [changed] }, [
    { before, after },
  ]);
  if (!written) throw new Error("the pass was superseded");
  return { ...after, interfaces, nics };
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
