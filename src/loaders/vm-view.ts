import type { Loaders } from "./loaders.js";
import { listPastInterfaces, listPastNics, toPastVm } from "./past-vm.js";
import type { GuestInterface, Nic, OfPast, VmRow } from "./rows.js";

/** What a VM has, at the one time at which a row of it was read. */
export interface VmView {
  vm(): Promise<VmRow | null>;
  nics(): Promise<readonly Nic[]>;
  interfaces(): Promise<readonly GuestInterface[]>;
  /** `null`: the guest's interfaces are not known. */
  knownInterfaces(): Promise<readonly GuestInterface[] | null>;
}

/** The VM of a row: as it is now, or, if the row is of the past, as it was then, which costs no statement. */
export function viewVm(loaders: Loaders, { past }: OfPast, vmId: string): VmView {
  if (past === undefined) {
    return {
      vm: () => loaders.vmById.load(vmId),
      nics: () => loaders.nicsByVm.load(vmId),
      interfaces: () => loaders.guestInterfacesByVm.load(vmId),
      knownInterfaces: () => loaders.knownGuestInterfaces(vmId),
    };
  }
  const vm = toPastVm(past);
  return {
    vm: () => Promise.resolve(vm),
    nics: () => Promise.resolve(listPastNics(past)),
    interfaces: () => Promise.resolve(listPastInterfaces(past)),
    knownInterfaces: () => Promise.resolve(vm.interfacesKnown ? listPastInterfaces(past) : null),
  };
}
