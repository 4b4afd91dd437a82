import type { GuestInterface, Nic } from "../loaders/rows.js";

/** The guest's interfaces with the vNIC's MAC, in reported order: bonds, VLANs and bridges share one. */
export function interfacesOf<T>(nic: Nic, all: readonly T[], rowOf: (each: T) => GuestInterface): T[] {
  return nic.macAddress === null ? [] : all.filter((each) => rowOf(each).macAddress === nic.macAddress);
}

/** The one that people mean: with an address that reaches beyond its link, else with any, else the first. */
export function bestOf(interfaces: readonly GuestInterface[]): GuestInterface | null {
  return interfaces.toSorted((left, right) => worthOf(right) - worthOf(left))[0] ?? null;
}

function worthOf({ ipv4Addresses, ipv6Addresses }: GuestInterface): number {
  const addresses = [...ipv4Addresses, ...ipv6Addresses];
  if (addresses.some((address) => !LOCAL.test(address))) return 2;
  return addresses.length > 0 ? 1 : 0;
}

/** Loopback, link-local or unspecified. */
const LOCAL = /^(?:127\.|169\.254\.|0\.0\.0\.0$|::1?$|fe[89ab][0-9a-f]:)/;
