import { findConflictKind } from "../../model/address/conflict-kind.js";
import { isSameMac } from "../../model/address/mac.js";
import { memoizeByObject } from "../../model/memoize-by-object.js";
import type { Loaders } from "../loaders.js";
import { findNicOfInterface, sortBestFirst } from "./match.js";
import type { AddressConflictRow, DriftRow, GuestAddressRow, GuestInterface, Nic } from "../rows.js";

/** A VM's interfaces and vNICs. */
export interface HolderLists {
  readonly interfaces: readonly GuestInterface[];
  readonly nics: readonly Nic[];
}

/** Finds the guest interface that has an address, one with a vNIC first; `null`: the agent reports only addresses. */
export function findAddressDevice(address: string, { interfaces, nics }: HolderLists): GuestInterface | null {
  const holders = groupByAddress(interfaces).get(address) ?? [];
  const onNic = holders.filter((each) => findNicOfInterface(each, nics) !== null);
  return sortBestFirst(onNic.length > 0 ? onNic : holders)[0] ?? null;
}

/** Groups a guest's interfaces by address, once for each guest, however many of its addresses a page has. */
const groupByAddress = memoizeByObject((interfaces: readonly GuestInterface[]) => {
  const groups = new Map<string, GuestInterface[]>();
  for (const each of interfaces) {
    for (const address of new Set([...each.ipv4Addresses, ...each.ipv6Addresses])) {
      const group = groups.get(address);
      if (group === undefined) groups.set(address, [each]);
      else group.push(each);
    }
  }
  return groups;
});

/** Finds the vNIC of the interface that has an address; `null`: it has none. */
export function findAddressNic(address: string, lists: HolderLists): Nic | null {
  const device = findAddressDevice(address, lists);
  return device === null ? null : findNicOfInterface(device, lists.nics);
}

/** Finds the interface of a finding of drift; `null`: it is about a vNIC, or the interface is gone. */
export function findDriftDevice(
  { deviceName, deviceMac }: DriftRow,
  interfaces: readonly GuestInterface[],
): GuestInterface | null {
  const isMeant = (each: GuestInterface) =>
    each.name === deviceName && (each.macAddress === deviceMac || isSameMac(each.macAddress, deviceMac));
  return isAboutDevice({ deviceName, deviceMac }) ? (interfaces.find(isMeant) ?? null) : null;
}

function isAboutDevice({ deviceName, deviceMac }: Pick<DriftRow, "deviceName" | "deviceMac">): boolean {
  return deviceName !== null || deviceMac !== null;
}

/** Loads what {@link findAddressDevice} finds. */
export async function loadAddressDevice(
  loaders: Loaders,
  { vmId, address }: GuestAddressRow,
): Promise<GuestInterface | null> {
  return findAddressDevice(address, await loadLists(loaders, vmId));
}

/** Loads what {@link findAddressNic} finds. */
export async function loadAddressNic(
  loaders: Loaders,
  { vmId, address }: GuestAddressRow,
): Promise<Nic | null> {
  return findAddressNic(address, await loadLists(loaders, vmId));
}

/** Loads whether an address in conflict is meant to be shared. */
export async function loadConflictKind(
  loaders: Loaders,
  { address, vmIds }: AddressConflictRow,
): Promise<"DUPLICATE" | "VIRTUAL_ROUTER"> {
  return findSharing(address, await Promise.all(vmIds.map((vmId) => loadLists(loaders, vmId))));
}

/** Finds whether an address in conflict is meant to be shared by these VMs. */
export function findSharing(
  address: string,
  holders: readonly HolderLists[],
): "DUPLICATE" | "VIRTUAL_ROUTER" {
  return findConflictKind(
    address,
    holders.map((lists) => ({
      device: findAddressDevice(address, lists),
      interfaces: lists.interfaces,
    })),
  );
}

/** Loads what {@link findDriftDevice} finds. */
export async function loadDriftDevice(loaders: Loaders, row: DriftRow): Promise<GuestInterface | null> {
  return isAboutDevice(row) ? findDriftDevice(row, await loaders.guestInterfacesByVm.load(row.vmId)) : null;
}

async function loadLists(loaders: Loaders, vmId: string): Promise<HolderLists> {
  const [interfaces, nics] = await Promise.all([
    loaders.guestInterfacesByVm.load(vmId),
    loaders.nicsByVm.load(vmId),
  ]);
  return { interfaces, nics };
}
