import { findMissingInterface, type MissingInterface } from "../../model/guest/missing-interface.js";
import type { Loaders } from "../loaders.js";
import type { GuestInterface, Nic } from "../rows.js";
import { viewVm } from "../past/vm-view.js";

/** Loads why the guest shows no interface with the vNIC's MAC; `null` if it shows one. */
export async function loadMissingInterface(
  loaders: Loaders,
  nic: Nic,
): Promise<MissingInterface<GuestInterface> | null> {
  const view = viewVm(loaders, nic, nic.vmId);
  const [vm, interfaces, nics] = await Promise.all([
    view.loadVm(),
    view.loadKnownInterfaces(),
    view.loadNics(),
  ]);
  return vm === null ? null : findMissingInterface(nic, vm, interfaces, nics);
}
