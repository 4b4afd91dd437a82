import type { Loaders } from "../loaders.js";
import { listPastInterfaces, listPastNics, toPastVm } from "./past-vm.js";
import type { GuestInterface, Nic, OfPast, VmRow } from "../rows.js";

/** Reads of one VM, all as of the time of the row from which the view was made. */
export interface VmView {
  loadVm(): Promise<VmRow | null>;
  loadNics(): Promise<readonly Nic[]>;
  loadInterfaces(): Promise<readonly GuestInterface[]>;
  /** Loads the guest's interfaces; `null` if they are not known. */
  loadKnownInterfaces(): Promise<readonly GuestInterface[] | null>;
}

/**
 * Creates a view of a row's VM; this costs no statement. The view shows the VM as it is now or, for a row of the past, as
 * it was then.
 */
export function viewVm(loaders: Loaders, { past }: OfPast, vmId: string): VmView {
  if (past === undefined) {
    return {
      loadVm: () => loaders.vmById.load(vmId),
      loadNics: () => loaders.nicsByVm.load(vmId),
      loadInterfaces: () => loaders.guestInterfacesByVm.load(vmId),
      loadKnownInterfaces: () => loaders.loadKnownGuestInterfaces(vmId),
    };
  }
  const vm = toPastVm(past);
  return {
    loadVm: () => Promise.resolve(vm),
    loadNics: () => Promise.resolve(listPastNics(past)),
    loadInterfaces: () => Promise.resolve(listPastInterfaces(past)),
    loadKnownInterfaces: () => Promise.resolve(vm.interfacesKnown ? listPastInterfaces(past) : null),
  };
}
