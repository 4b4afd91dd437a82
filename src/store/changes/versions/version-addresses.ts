import { findPrimaryAddress, findPrimaryOfAddresses } from "../../../model/address/primary-address.js";
import type { VmVersion } from "./version-types.js";

/**
 * Returns `true` if a version's interfaces are known. After an unreadable report they are known only if some are stored.
 */
export function areInterfacesKnown({
  silence,
  interfaces,
}: Pick<VmVersion, "silence" | "interfaces">): boolean {
  if (silence === "invalid") return interfaces.length > 0;
  return silence === null || silence === "silent" || silence === "partial";
}

/** Finds the address by which to reach the guest of a version; `null`: it has none that fits, or none is known. */
export function findPrimaryOfVersion(
  version: Pick<VmVersion, "silence" | "interfaces" | "nics" | "ips">,
): string | null {
  const found = areInterfacesKnown(version)
    ? findPrimaryAddress(version.interfaces, version.nics ?? [])
    : findPrimaryOfAddresses(version.ips?.split(" ") ?? []);
  return found?.address ?? null;
}
