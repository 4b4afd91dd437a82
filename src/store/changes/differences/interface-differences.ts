import type { GuestInterface } from "../../types.js";
import type { AddressOfDevice, DeviceDifference } from "./difference.js";
import { formatInterfaceKey } from "../../write/interfaces/interface-identity.js";
import { isSameInterface } from "../versions/vm-version.js";

/**
 * Lists the differences between two lists of a guest's interfaces. Two interfaces are taken for the same one if, in this
 * order,
 * 1. they are equal;
 * 2. they have the same name and MAC;
 * 3. each is the only one in its list that is left with their MAC. Then it was renamed.
 */
export function listDeviceDifferences(
  before: readonly GuestInterface[],
  after: readonly GuestInterface[],
): DeviceDifference[] {
  const pairs = matchDevices(before, after);
  const matched = new Set(pairs.values());
  const differences: DeviceDifference[] = before
    .filter((_, index) => !pairs.has(index))
    .flatMap((device) => [...listAddressChanges(device, null), { kind: "DEVICE_DISAPPEARED", device }]);
  for (const [oldIndex, index] of pairs) {
    const [old, fresh] = [before[oldIndex], after[index]];
    if (old !== undefined && fresh !== undefined) differences.push(...compareDevices(old, fresh));
  }
  for (const [index, device] of after.entries()) {
    if (matched.has(index)) continue;
    differences.push({ kind: "DEVICE_APPEARED", device, index }, ...listAddressChanges(null, device));
  }
  const indexes = [...pairs].toSorted(([left], [right]) => left - right).map(([, index]) => index);
  const isReordered = indexes.some((index, nth) => index < (indexes[nth - 1] ?? -1));
  if (isReordered) differences.push({ kind: "DEVICES_REORDERED", after });
  return differences;
}

/** Lists the addresses of an interface, IPv4 first. */
export function listAddresses({ ipv4Addresses, ipv6Addresses }: GuestInterface): string[] {
  return [...ipv4Addresses, ...ipv6Addresses];
}

/** Matches the interfaces of the two lists. Maps an index before to the index after, in the order of the first list. */
function matchDevices(
  before: readonly GuestInterface[],
  after: readonly GuestInterface[],
): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  const taken = new Set<number>();
  const match = (getKey: (device: GuestInterface) => string | null, isOnly: boolean) => {
    const old = groupIndexes(before, (index) => pairs.has(index), getKey);
    const fresh = groupIndexes(after, (index) => taken.has(index), getKey);
    for (const [key, indexes] of old) {
      const others = fresh.get(key) ?? [];
      if (isOnly && (indexes.length > 1 || others.length > 1)) continue;
      for (const [nth, index] of indexes.entries()) {
        const other = others[nth];
        if (other === undefined) break;
        pairs.set(index, other);
        taken.add(other);
      }
    }
  };
  match(formatInterfaceKey, false);
  match(({ name, macAddress }) => JSON.stringify([name, macAddress]), false);
  match(({ macAddress }) => macAddress, true);
  return new Map([...pairs].toSorted(([left], [right]) => left - right));
}

/** Groups the indexes of the interfaces that are not matched yet, by key. Leaves out interfaces whose key is `null`. */
function groupIndexes(
  devices: readonly GuestInterface[],
  isTaken: (index: number) => boolean,
  getKey: (device: GuestInterface) => string | null,
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [index, device] of devices.entries()) {
    const key = isTaken(index) ? null : getKey(device);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  }
  return groups;
}

function compareDevices(before: GuestInterface, after: GuestInterface): DeviceDifference[] {
  if (isSameInterface(before, after)) return [];
  const renamed: DeviceDifference[] =
    before.name === after.name ? [] : [{ kind: "DEVICE_RENAMED", before, after }];
  const addresses = listAddressChanges(before, after);
  const expected = changeAddresses({ ...before, name: after.name }, addresses);
  const changed: DeviceDifference[] = isSameInterface(expected, after)
    ? []
    : [{ kind: "DEVICE_CHANGED", before, after }];
  return [...renamed, ...addresses, ...changed];
}

function listAddressChanges(before: GuestInterface | null, after: GuestInterface | null): DeviceDifference[] {
  const [old, fresh] = [before, after].map((device) => (device === null ? [] : listAddresses(device)));
  return compareAddresses(old ?? [], fresh ?? [], { before, after });
}

/** Lists the addresses that are gone from an interface's list, then those that are new in it. */
export function compareAddresses(
  old: readonly string[],
  fresh: readonly string[],
  device: Pick<AddressOfDevice, "before" | "after">,
): DeviceDifference[] {
  const [known, reported] = [new Set(old), new Set(fresh)];
  return [
    ...[...known]
      .filter((address) => !reported.has(address))
      .map((address) => createDifference("ADDRESS_REMOVED", address)),
    ...[...reported]
      .filter((address) => !known.has(address))
      .map((address) => createDifference("ADDRESS_ADDED", address)),
  ];

  function createDifference(kind: "ADDRESS_REMOVED" | "ADDRESS_ADDED", address: string): DeviceDifference {
    return { kind, address, ...device };
  }
}

/** Returns the interface without the addresses that are gone, and with the new ones at the end. */
function changeAddresses(device: GuestInterface, changes: readonly DeviceDifference[]): GuestInterface {
  const removed = new Set(changes.flatMap((each) => (each.kind === "ADDRESS_REMOVED" ? [each.address] : [])));
  const added = changes.flatMap((each) => (each.kind === "ADDRESS_ADDED" ? [each.address] : []));
  const change = (addresses: readonly string[], isOurs: (address: string) => boolean) => [
    ...addresses.filter((address) => !removed.has(address)),
    ...added.filter(isOurs),
  ];
  return {
    ...device,
    ipv4Addresses: change(device.ipv4Addresses, (address) => !address.includes(":")),
    ipv6Addresses: change(device.ipv6Addresses, (address) => address.includes(":")),
  };
}
