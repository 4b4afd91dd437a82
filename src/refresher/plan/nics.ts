import { normalizeReportedMac } from "../../model/address/mac.js";
import { deriveUuid } from "../../model/uuid.js";
import type { ReportedNic } from "../../vdsm/records/types.js";
import type { Nic } from "../../store/types.js";
import { cutText, toStorableText } from "./text.js";

/** Creates the vNICs to store. Each has its own id, which stays the same from pass to pass. */
export function toNics(vmId: string, reported: readonly ReportedNic[]): Nic[] {
  const nics = new Map<string, Nic>();
  const timesMade = new Map<string, number>();
  reported.forEach((entry, index) => {
    const nic = toNic(vmId, entry, index, timesMade);
    // The first one of equal ids wins. If a device list has a vNIC twice, the first entry describes the real device.
    if (!nics.has(nic.id)) nics.set(nic.id, nic);
  });
  return [...nics.values()];
}

/** Lists the changes by which the stored vNICs become the wanted ones. */
export function diffNics(
  stored: readonly Nic[],
  wanted: readonly Nic[],
): { readonly upserted: Nic[]; readonly deleted: Nic[] } {
  const storedById = new Map(stored.map((nic) => [nic.id, nic]));
  const wantedIds = new Set(wanted.map((nic) => nic.id));
  return {
    upserted: wanted.filter((nic) => !isSameNic(storedById.get(nic.id), nic)),
    deleted: stored.filter((nic) => !wantedIds.has(nic.id)),
  };
}

function toNic(vmId: string, entry: ReportedNic, index: number, timesMade: Map<string, number>): Nic {
  const mac = normalizeReportedMac(entry.macAddr);
  const name = entry.name === null || entry.name === "" ? `nic${index + 1}` : toStorableText(entry.name);
  return {
    id: chooseNicId(vmId, entry.id) ?? deriveNicId(vmId, mac ?? name, timesMade),
    vmId,
    name: cutText(name, NIC_NAME_LENGTH),
    macAddress: mac !== null && mac.length <= NIC_MAC_LENGTH ? mac : null,
    network: entry.network === null ? null : cutText(toStorableText(entry.network), NETWORK_LENGTH),
    linked: entry.linkActive,
  };
}

/**
 * Returns the host's id of a vNIC, unless it looks like a derived one (version 8). Otherwise a host could take an id that
 * is derived for another VM.
 */
function chooseNicId(vmId: string, reportedId: string | null): string | null {
  return reportedId?.charAt(14) === "8" ? deriveClaimedId(vmId, reportedId) : reportedId;
}

/**
 * Derives the id of a vNIC whose claimed id belongs to another VM. It has version 8, and a claimed id of that version is
 * never used as it is.
 */
export function deriveClaimedId(vmId: string, claimedId: string): string {
  return deriveUuid(`vnic-graph:${vmId}:claimed:${claimedId}`, { hash: "sha256", version: 8 });
}

/**
 * Derives a name-based UUID for a vNIC to which the host gives no id. It comes from the MAC, which changes less often than
 * the device's name.
 */
function deriveNicId(vmId: string, key: string, timesMade: Map<string, number>): string {
  const times = timesMade.get(key) ?? 0;
  timesMade.set(key, times + 1);
  return deriveUuid(`vnic-graph:${vmId}:${key}:${times}`);
}

function isSameNic(left: Nic | undefined, right: Nic): boolean {
  return (
    left !== undefined &&
    left.vmId === right.vmId &&
    left.name === right.name &&
    left.macAddress === right.macAddress &&
    left.network === right.network &&
    left.linked === right.linked
  );
}

/**
 * The lengths of `vm_interface.name`, `vm_interface.mac_addr` and `network.name` in oVirt's tables. No InfiniBand address
 * fits. A longer network would not fit into our index, which fails the write of all VMs of its host.
 */
const NIC_NAME_LENGTH = 50;
const NIC_MAC_LENGTH = 20;
const NETWORK_LENGTH = 256;
