import { groupByMac } from "../address/mac.js";
import { guessDeviceKind, isLoopbackInterface } from "./device-type.js";
import {
  findMissingInterfaces,
  type ComparedVm,
  type NamedInterface,
  type NamedNic,
} from "./missing-interface.js";

/** Kinds of drift between a VM's vNICs and its guest's interfaces. The stored value of a kind is its number. */
export const DRIFT_KINDS = {
  DEVICE_BRIDGE: 1,
  DEVICE_BOND: 2,
  DEVICE_VLAN: 3,
  DEVICE_CONTAINER: 4,
  DEVICE_VPN: 5,
  DEVICE_UNKNOWN: 6,
  NIC_NOT_SHOWN: 7,
  NIC_MAC_DIFFERS: 8,
} as const;

/** A kind of drift. */
export type DriftKind = keyof typeof DRIFT_KINDS;

/** One finding of drift: a vNIC or an interface that does not fit the other side. */
export interface DriftItem {
  readonly kind: DriftKind;
  /** The vNIC that the guest does not report; `null` for an interface without a vNIC. */
  readonly nicId: string | null;
  /** The interface without a vNIC; `null` for a vNIC that the guest does not report. */
  readonly device: NamedInterface | null;
}

/** The lists that are compared; `null`: not known. */
export interface Comparison extends ComparedVm {
  readonly interfaces: readonly NamedInterface[] | null;
  readonly nics: readonly NamedNic[] | null;
}

/**
 * Lists the drift between a guest's interfaces and the VM's vNICs, each finding once. It is empty if either list is not
 * known. These are not drift:
 * 1. a bond with vNICs behind it, its members, and what lies on it: all have the bond's MAC;
 * 2. a vNIC that the guest reports under an ignored name;
 * 3. loopback, with whatever address.
 *
 * An interface that is probably a vNIC under another MAC counts as that vNIC. Lists {@link MOST_DRIFT} findings at most,
 * because a guest decides how many interfaces it reports.
 */
export function listDrift({ interfaces, nics, ...vm }: Comparison): DriftItem[] {
  if (interfaces === null || nics === null) return [];
  const items: DriftItem[] = [];
  const probable = new Set<NamedInterface>();
  const bonded: NamedInterface[] = [];
  const missingInterfaces = findMissingInterfaces(vm, interfaces, nics);
  for (const nic of nics) {
    const missing = missingInterfaces.find(nic);
    if (missing?.probable != null) probable.add(missing.probable);
    if (missing?.reason === "BOND_MEMBER" && missing.probable !== null) bonded.push(missing.probable);
    if (missing?.reason === "NOT_REPORTED")
      items.push({ kind: "NIC_NOT_SHOWN", nicId: nic.id, device: null });
    if (missing?.reason === "MAC_DIFFERS") {
      items.push({ kind: "NIC_MAC_DIFFERS", nicId: nic.id, device: missing.probable });
    }
  }
  const nicsByMac = groupByMac(nics);
  const bondsByMac = groupByMac(bonded);
  const seen = new Set<string>();
  for (const device of interfaces) {
    const { name, macAddress } = device;
    if (probable.has(device) || isLoopbackInterface(name)) continue;
    if (nicsByMac.find(macAddress).length > 0 || bondsByMac.find(macAddress).length > 0) continue;
    const key = formatDriftKey({ nicId: null, device });
    if (seen.has(key)) continue;
    seen.add(key);
    items.push({ kind: `DEVICE_${guessDeviceKind(name)}`, nicId: null, device });
  }
  return items.length <= MOST_DRIFT ? items : pickItems(items);
}

/** The highest number of findings of one VM. Nobody reads more, and each one is a row that passes write. */
export const MOST_DRIFT = 500;

/** Picks items, the same ones for every reported order: first vNICs, last interfaces of containers, then by key. */
function pickItems(items: readonly DriftItem[]): DriftItem[] {
  const rank = ({ nicId, kind }: DriftItem) => (nicId !== null ? 0 : kind === "DEVICE_CONTAINER" ? 2 : 1);
  const ranks = items.map((item) => `${rank(item)} ${formatDriftKey(item)}`);
  const last = ranks.toSorted()[MOST_DRIFT - 1] ?? "";
  return items.filter((_, at) => (ranks[at] ?? "") <= last);
}

/**
 * Formats a key that differs for each item of one kind of a VM. Of long names it takes the beginning, because the key must
 * fit into an index.
 */
export function formatDriftKey({ nicId, device }: Pick<DriftItem, "nicId" | "device">): string {
  return nicId ?? `${device?.macAddress ?? "-"} ${(device?.name ?? "").slice(0, LONGEST_NAME)}`;
}

const LONGEST_NAME = 400;
