import {
  findMissingInterfaces,
  type MissingInterface,
  type MissingInterfaces,
} from "../../model/guest/missing-interface.js";
import type { Loaders } from "../loaders.js";
import type { GuestInterface, Nic, VmRow } from "../rows.js";
import { viewVm } from "../past/vm-view.js";

/** Loads why the guest reports no interface with the vNIC's MAC; `null` if it reports one. */
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
  return vm === null ? null : findMissingInterface(nic, vm, { interfaces, nics });
}

/**
 * Finds why the guest reports no interface with the vNIC's MAC; `null` if it reports one. `interfaces` is `null` if they are not known.
 * All vNICs of a VM ask with the same lists, which are compared once.
 */
export function findMissingInterface(
  nic: Nic,
  vm: VmRow,
  {
    interfaces,
    nics,
  }: { readonly interfaces: readonly GuestInterface[] | null; readonly nics: readonly Nic[] },
): MissingInterface<GuestInterface> | null {
  const known = COMPARED.get(nics);
  if (known?.vm === vm && known.interfaces === interfaces) return known.missing.find(nic);
  const missing = findMissingInterfaces(vm, interfaces, nics);
  COMPARED.set(nics, { vm, interfaces, missing });
  return missing.find(nic);
}

interface Compared {
  readonly vm: VmRow;
  readonly interfaces: readonly GuestInterface[] | null;
  readonly missing: MissingInterfaces<GuestInterface>;
}

/** The comparisons by the list of vNICs. */
const COMPARED = new WeakMap<readonly Nic[], Compared>();
