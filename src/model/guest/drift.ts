import { groupByMac } from "../address/mac.js";
import { guessDeviceType } from "./device-type.js";
import {
  findMissingInterfaces,
  type ComparedVm,
  type NamedInterface,
  type NamedNic,
} from "./missing-interface.js";

/** Kinds of misfits between a VM's vNICs and its guest's interfaces. Each kind's number is the one that is stored. */
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

/** A kind of misfit. */
export type DriftKind = keyof typeof DRIFT_KINDS;

/** One thing that does not fit. */
export interface DriftItem {
  readonly kind: DriftKind;
  /** The vNIC that the guest does not show; `null` for an interface without one. */
  readonly nicId: string | null;
  /** The interface that no vNIC is behind; `null` for a vNIC that is not shown. */
  readonly device: NamedInterface | null;
}

/** What is compared: `interfaces: null` is not known, `nics: null` not told yet. */
export interface Comparison extends ComparedVm {
  readonly interfaces: readonly NamedInterface[] | null;
  readonly nics: readonly NamedNic[] | null;
}

/**
 * Lists in what a guest's interfaces and the VM's vNICs do not fit, each thing once. Where either is not known nothing is
 * listed, nor is a member of a bond, which has its bond's MAC, nor a vNIC that is shown under an ignored name. An interface that is probably a vNIC under another MAC counts
 * as that vNIC. At most {@link MOST_DRIFT} of a VM: a guest decides how many interfaces it shows.
 */
export function listDrift({ interfaces, nics, ...vm }: Comparison): DriftItem[] {
  if (interfaces === null || nics === null) return [];
  const items: DriftItem[] = [];
  const probable = new Set<NamedInterface>();
  const missingInterfaces = findMissingInterfaces(vm, interfaces, nics);
  for (const nic of nics) {
    const missing = missingInterfaces.find(nic);
    if (missing?.probable != null) probable.add(missing.probable);
    if (missing?.reason === "NOT_REPORTED")
      items.push({ kind: "NIC_NOT_SHOWN", nicId: nic.id, device: null });
    if (missing?.reason === "MAC_DIFFERS") {
      items.push({ kind: "NIC_MAC_DIFFERS", nicId: nic.id, device: missing.probable });
    }
  }
  const nicsByMac = groupByMac(nics);
  const seen = new Set<string>();
  for (const device of interfaces) {
    const { name, macAddress } = device;
    if (probable.has(device) || nicsByMac.find(macAddress).length > 0) continue;
    const key = formatDriftKey({ nicId: null, device });
    if (seen.has(key)) continue;
    seen.add(key);
    items.push({ kind: findDeviceKind(name), nicId: null, device });
  }
  return items.length <= MOST_DRIFT ? items : pickItems(items);
}

/** Maximum number of misfits that are kept of one VM. Nobody reads more, and each is a row that passes write. */
export const MOST_DRIFT = 500;

/** Picks the same items in whatever order a guest reports: vNICs first, interfaces of containers last, then by key. */
function pickItems(items: readonly DriftItem[]): DriftItem[] {
  const rank = ({ nicId, kind }: DriftItem) => (nicId !== null ? 0 : kind === "DEVICE_CONTAINER" ? 2 : 1);
  const places = items.map((item) => `${rank(item)} ${formatDriftKey(item)}`);
  const last = places.toSorted()[MOST_DRIFT - 1] ?? "";
  return items.filter((_, at) => (places[at] ?? "") <= last);
}

/** Formats what tells an item from others of its VM and kind. Long names by their beginning: an index must hold it. */
export function formatDriftKey({ nicId, device }: Pick<DriftItem, "nicId" | "device">): string {
  return nicId ?? `${device?.macAddress ?? "-"} ${(device?.name ?? "").slice(0, LONGEST_NAME)}`;
}

const LONGEST_NAME = 400;

function findDeviceKind(name: string | null): DriftKind {
  // A virtual router's interface, such as `vrrp.51`, has the form of a VLAN's name and is none.
  const type = /^vrrp/i.test(name ?? "") ? null : guessDeviceType(name);
  if (type !== null) return `DEVICE_${type}`;
  return name !== null && VPN.test(name) ? "DEVICE_VPN" : "DEVICE_UNKNOWN";
}

/** Names that programs for private networks give their interfaces, on Linux, BSD and Windows. */
const VPN =
  /^(?:u?tun\d*|tap\d*|wg[\w-]*|ppp\d+|zt\w+|tailscale\d*|nordlynx|ipsec\d*|vti\d*|xfrm\d*|gpd\d+|cscotun\d+|cali-wg|proton\d+|nebula\d*|OpenVPN.*|WireGuard.*|TAP-Windows.*|Tailscale.*)$/i;
