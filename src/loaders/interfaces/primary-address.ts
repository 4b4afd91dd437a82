import {
  findPrimaryAddress,
  findPrimaryOfAddresses,
  type PrimaryAddress,
  type PrimaryAddressQuestion,
} from "../../model/address/primary-address.js";
import type { Loaders } from "../loaders.js";
import { findInterfacesOfNic } from "./match.js";
import type { GuestInterface, Nic, VmRow } from "../rows.js";
import { viewVm } from "../past/vm-view.js";

/** A primary address, with the interface and the vNIC that have it. */
export type FoundAddress = PrimaryAddress<GuestInterface, Nic>;

/** Loads the address by which to reach a VM's guest; `null` if there is none that fits, or none is known. */
export async function loadPrimaryAddress(
  loaders: Loaders,
  vm: VmRow,
  question: PrimaryAddressQuestion = {},
): Promise<FoundAddress | null> {
  if (!vm.interfacesKnown) return findPrimaryOfIps(vm.ips, question);
  const view = viewVm(loaders, vm, vm.id);
  const [interfaces, nics] = await Promise.all([view.loadInterfaces(), view.loadNics()]);
  return findPrimaryAddress(interfaces, nics, question);
}

/** Finds the same of a guest that reports only addresses; `null`: it reports nothing. */
export function findPrimaryOfIps(
  ips: readonly string[] | null,
  question: PrimaryAddressQuestion,
): FoundAddress | null {
  return ips === null ? null : findPrimaryOfAddresses(ips, question);
}

/** Loads the address by which to reach a guest through one of its vNICs. */
export async function loadPrimaryOfNic(
  loaders: Loaders,
  nic: Nic,
  question: PrimaryAddressQuestion = {},
): Promise<FoundAddress | null> {
  return findPrimaryOfNic(nic, await viewVm(loaders, nic, nic.vmId).loadKnownInterfaces(), question);
}

/** Finds the same among the guest's interfaces; `null`: they are not known. */
export function findPrimaryOfNic(
  nic: Nic,
  interfaces: readonly GuestInterface[] | null,
  question: PrimaryAddressQuestion,
): FoundAddress | null {
  return findPrimaryAddress(findInterfacesOfNic(nic, interfaces) ?? [], [nic], question);
}
