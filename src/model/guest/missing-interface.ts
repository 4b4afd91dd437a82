import { isSameMac } from "../address/mac.js";
import { guessDeviceType } from "./device-type.js";
import { isWithoutGuest } from "./vm-status.js";

/** An interface of a guest, as far as it is compared with vNICs. */
export interface NamedInterface {
  readonly name: string | null;
  readonly macAddress: string | null;
}

/** A vNIC, as far as it is compared with a guest's interfaces. */
export interface NamedNic {
  readonly id: string;
  readonly name: string;
  readonly macAddress: string | null;
}

/** Why the guest shows no interface with a vNIC's MAC. */
export type MissingReason =
  "VM_DOWN" | "NO_AGENT" | "NO_DEVICES" | "BOND_MEMBER" | "MAC_DIFFERS" | "NOT_REPORTED";

/** Why a vNIC is missing in its guest, and the interface that it probably is. */
export interface MissingInterface<Interface> {
  readonly reason: MissingReason;
  readonly probable: Interface | null;
}

/**
 * Finds why the guest shows no interface with the vNIC's MAC; `null` if it shows one. In this order:
 * 1. the VM does not run, or its guest tells nothing, or addresses without interfaces;
 * 2. the vNIC is a member of a bond: a bond gives its members one MAC, so more plain interfaces have the bond's MAC than
 *    vNICs do;
 * 3. the guest changed the MAC: plain interfaces have MACs that no vNIC has. The n-th missing vNIC by name is probably the
 *    n-th of these by name.
 */
export function findMissingInterface<Interface extends NamedInterface>(
  nic: NamedNic,
  vm: { readonly status: number; readonly ips: readonly string[] | null },
  interfaces: readonly Interface[] | null,
  nics: readonly NamedNic[],
): MissingInterface<Interface> | null {
  if (interfaces !== null && isShown(nic, interfaces)) return null;
  if (isWithoutGuest(vm.status)) return { reason: "VM_DOWN", probable: null };
  if (interfaces === null) return { reason: vm.ips === null ? "NO_AGENT" : "NO_DEVICES", probable: null };
  const missing = nics.filter((each) => !isShown(each, interfaces)).sort(compareByName);
  const position = missing.findIndex(({ id }) => id === nic.id);
  const members = listSpareMembers(interfaces);
  if (position >= 0 && position < members.length) {
    return { reason: "BOND_MEMBER", probable: members[position] ?? null };
  }
  const strangers = interfaces
    .filter(({ name, macAddress }) => macAddress !== null && isPlain(name))
    .filter((each) => !nics.some((of) => isSameMac(of.macAddress, each.macAddress)))
    .sort(compareByName);
  const probable = strangers[position - members.length] ?? null;
  return { reason: probable === null ? "NOT_REPORTED" : "MAC_DIFFERS", probable };
}

/** Lists the plain interfaces that have a bond's MAC, by name, without the one of each bond whose own MAC that is. */
function listSpareMembers<Interface extends NamedInterface>(
  interfaces: readonly Interface[],
): readonly Interface[] {
  const bonds = interfaces.filter(({ name }) => guessDeviceType(name) === "BOND");
  const macs = [...new Set(bonds.map(({ macAddress }) => macAddress))].filter((mac) => mac !== null);
  return macs.flatMap((mac) =>
    interfaces
      .filter(({ name, macAddress }) => isPlain(name) && isSameMac(macAddress, mac))
      .sort(compareByName)
      .slice(1),
  );
}

function isShown(nic: NamedNic, interfaces: readonly NamedInterface[]): boolean {
  return interfaces.some(({ macAddress }) => isSameMac(macAddress, nic.macAddress));
}

function isPlain(name: string | null): boolean {
  return name !== null && guessDeviceType(name) === null && !VIRTUAL.test(name);
}

/** Names of tunnels and other interfaces that a guest makes itself and that have MACs, beside those with a type. */
const VIRTUAL =
  /^(?:lo|tun|tap|wg|zt|tailscale|vrrp|macvlan|macvtap|ipvlan|dummy|sit|gre|ip6tnl|vti|vnet)[\w.:-]*$/i;

function compareByName(
  left: { readonly name: string | null },
  right: { readonly name: string | null },
): number {
  const [one, other] = [left.name ?? "", right.name ?? ""];
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}
