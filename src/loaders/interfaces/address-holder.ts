import { findConflictKind } from "../../model/address/conflict-kind.js";
import { isSameMac } from "../../model/address/mac.js";
import { memoizeByObject } from "../../model/memoize-by-object.js";
import type { Loaders } from "../loaders.js";
import { findNicOfInterface, sortBestFirst } from "./match.js";
import type { AddressConflictRow, DriftRow, GuestAddressRow, GuestInterface, Nic } from "../rows.js";

/** Loads the guest interface that has an address, one with a vNIC first; `null`: the agent reports only addresses. */
export async function loadAddressDevice(
  loaders: Loaders,
  { vmId, address }: GuestAddressRow,
): Promise<GuestInterface | null> {
  const [interfaces, nics] = await Promise.all([
    loaders.guestInterfacesByVm.load(vmId),
    loaders.nicsByVm.load(vmId),
  ]);
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

/** Loads the vNIC of the interface that has an address; `null`: it has none. */
export async function loadAddressNic(loaders: Loaders, held: GuestAddressRow): Promise<Nic | null> {
  const device = await loadAddressDevice(loaders, held);
  return device === null ? null : findNicOfInterface(device, await loaders.nicsByVm.load(held.vmId));
}

/** Loads whether an address in conflict is meant to be shared. */
export async function loadConflictKind(
  loaders: Loaders,
  { address, vmIds }: AddressConflictRow,
): Promise<"DUPLICATE" | "VIRTUAL_ROUTER"> {
  const holders = vmIds.map(async (vmId) => ({
    device: await loadAddressDevice(loaders, { vmId, address }),
    interfaces: await loaders.guestInterfacesByVm.load(vmId),
  }));
  return findConflictKind(address, await Promise.all(holders));
}

/** Loads the interface of a finding of drift; `null`: it is about a vNIC, or the interface is gone. */
export async function loadDriftDevice(
  loaders: Loaders,
  { vmId, deviceName, deviceMac }: DriftRow,
): Promise<GuestInterface | null> {
  if (deviceName === null && deviceMac === null) return null;
  const interfaces = await loaders.guestInterfacesByVm.load(vmId);
  const isMeant = (each: GuestInterface) =>
    each.name === deviceName && (each.macAddress === deviceMac || isSameMac(each.macAddress, deviceMac));
  return interfaces.find(isMeant) ?? null;
}
