import { groupByMac, isNoMac, type MacGroups } from "../address/mac.js";
import { guessDeviceType, isVirtualInterface, isVpnInterface } from "./device-type.js";
import { isWithoutGuest } from "./vm-status.js";

/** The values of a guest interface that are compared with vNICs. */
export interface NamedInterface {
  readonly name: string | null;
  readonly macAddress: string | null;
  /** Left out: none. */
  readonly ipv4Addresses?: readonly string[];
  readonly ipv6Addresses?: readonly string[];
}

/** The values of a vNIC that are compared with a guest's interfaces. */
export interface NamedNic {
  readonly id: string;
  readonly name: string;
  readonly macAddress: string | null;
  /** `false`: the VM does not have it now, so its guest cannot show it. */
  readonly plugged?: boolean | null;
}

/** Why the guest reports no interface with a vNIC's MAC. */
export type MissingReason =
  "VM_DOWN" | "NO_AGENT" | "NO_DEVICES" | "BOND_MEMBER" | "MAC_DIFFERS" | "IGNORED_BY_NAME" | "NOT_REPORTED";

/** Why a vNIC is missing in its guest, and the interface that it probably has; `null`: none. */
export interface MissingInterface<Interface> {
  readonly reason: MissingReason;
  readonly probable: Interface | null;
}

/** The values of the VM whose vNICs and interfaces are compared. */
export interface ComparedVm {
  readonly status: number;
  readonly ips: readonly string[] | null;
  /** MACs of vNICs that the guest reports under an ignored name, joined by blanks; left out: not known. */
  readonly ignoredMacs?: string | null;
}

/** The vNICs that are missing in a guest. */
export interface MissingInterfaces<Interface> {
  /** Finds why the guest reports no interface with the vNIC's MAC; `null` if it reports one. */
  readonly find: (nic: NamedNic) => MissingInterface<Interface> | null;
}

/**
 * Compares a VM's vNICs with its guest's interfaces. It takes time in proportion to the sum of both, not to their product.
 * The reasons for a missing vNIC, in this order:
 * 1. The VM does not run, or its guest reports nothing, or only addresses.
 * 2. The guest reports the MAC under an ignored name.
 * 3. The vNIC is a member of a bond. A bond gives its members one MAC, that of one of them or one of its own. So more interfaces than vNICs
 *    have that MAC.
 * 4. The guest changed the MAC: plain interfaces have MACs that no vNIC has. The n-th missing vNIC by name is probably the
 *    n-th of these by name.
 */
export function findMissingInterfaces<Interface extends NamedInterface>(
  vm: ComparedVm,
  interfaces: readonly Interface[] | null,
  nics: readonly NamedNic[],
): MissingInterfaces<Interface> {
  const shown = groupByMac(interfaces ?? []);
  const isShown = ({ macAddress }: NamedNic) => shown.find(macAddress).length > 0;
  if (isWithoutGuest(vm.status)) return createWithReason("VM_DOWN", isShown);
  if (interfaces === null) return createWithReason(vm.ips === null ? "NO_AGENT" : "NO_DEVICES", isShown);
  const ignored = groupByMac((vm.ignoredMacs?.split(" ") ?? []).map((macAddress) => ({ macAddress })));
  const isIgnored = ({ macAddress }: NamedNic) => ignored.find(macAddress).length > 0;
  const missing = nics
    .filter((nic) => nic.plugged !== false && !isShown(nic) && !isIgnored(nic))
    .sort(compareByLengthAndName);
  const known = { nics: groupByMac(nics), bonds: groupBonds(interfaces) };
  const members = listSpareMembers(interfaces, known);
  const strangers = listStrangers(interfaces, known);
  const found = new Map<string, MissingInterface<Interface>>();
  for (const [position, { id }] of missing.entries()) {
    if (found.has(id)) continue;
    const member = members[position];
    const probable = member ?? strangers[position - members.length] ?? null;
    const reason = member !== undefined ? "BOND_MEMBER" : probable === null ? "NOT_REPORTED" : "MAC_DIFFERS";
    found.set(id, { reason, probable });
  }
  // A vNIC that came after the list was read is not among those that were compared.
  const findOther = (nic: NamedNic) =>
    ({ reason: isIgnored(nic) ? "IGNORED_BY_NAME" : "NOT_REPORTED", probable: null }) as const;
  return { find: (nic) => (isShown(nic) ? null : (found.get(nic.id) ?? findOther(nic))) };
}

function createWithReason<Interface>(
  reason: MissingReason,
  isShown: (nic: NamedNic) => boolean,
): MissingInterfaces<Interface> {
  return { find: (nic) => (isShown(nic) ? null : { reason, probable: null }) };
}

/**
 * Lists the members of bonds, sorted by name: interfaces that have a bond's MAC, and names of network cards. Where none has such a name, plain
 * ones without an address: what lies on a bond, such as a bridge or a VLAN of whatever name, has one as a rule. Leaves out one of each bond
 * whose MAC is a vNIC's, because it is that vNIC.
 */
function listSpareMembers<Interface extends NamedInterface>(
  interfaces: readonly Interface[],
  { nics, bonds }: KnownMacs<Interface>,
): readonly Interface[] {
  const plain = groupByMac(
    interfaces.filter(({ name, macAddress }) => bonds.find(macAddress).length > 0 && isPlain(name)),
  );
  return bonds.all.flatMap(([first]) => {
    const mac = first?.macAddress ?? null;
    const all = plain.find(mac);
    const cards = all.filter(({ name }) => CARD_NAMES.test(name ?? ""));
    const members = (cards.length > 0 ? cards : all.filter(hasNoAddress)).toSorted(compareByLengthAndName);
    return nics.find(mac).length > 0 ? members.slice(1) : members;
  });
}

/** A VM's vNICs and its guest's bonds, by their MACs. */
interface KnownMacs<Interface> {
  readonly nics: MacGroups<NamedNic>;
  readonly bonds: MacGroups<Interface>;
}

/** Groups the bonds by their MACs. An empty one may have none. */
function groupBonds<Interface extends NamedInterface>(
  interfaces: readonly Interface[],
): MacGroups<Interface> {
  return groupByMac(
    interfaces.filter(
      ({ name, macAddress }) =>
        macAddress !== null && !isNoMac(macAddress) && guessDeviceType(name) === "BOND",
    ),
  );
}

/** Names that systems give to network cards, on Linux, BSD and Windows. */
export const CARD_NAMES =
  /^(?:eth\d+|en(?:o|s|p|x|d)\w+|usb\d+|rename\d+|p\d+p\d+|ib(?:s|p)?\d\w*|(?:em|vtnet|vmx|xn|re|igb|ixl?)\d+|(?:Ethernet|Local Area Connection|LAN-Verbindung)(?: .*)?)$/i;

/** Returns `true` if the interface has no address. */
export function hasNoAddress({ ipv4Addresses = [], ipv6Addresses = [] }: NamedInterface): boolean {
  return ipv4Addresses.length === 0 && ipv6Addresses.length === 0;
}

/** Lists the plain interfaces whose MAC no vNIC and no bond has, by name. */
function listStrangers<Interface extends NamedInterface>(
  interfaces: readonly Interface[],
  { nics, bonds }: KnownMacs<Interface>,
): readonly Interface[] {
  return interfaces
    .filter(
      ({ name, macAddress }) =>
        macAddress !== null &&
        !isNoMac(macAddress) &&
        nics.find(macAddress).length === 0 &&
        bonds.find(macAddress).length === 0 &&
        isPlain(name),
    )
    .sort(compareByLengthAndName);
}

function isPlain(name: string | null): boolean {
  return (
    name !== null && guessDeviceType(name) === null && !isVpnInterface(name) && !isVirtualInterface(name)
  );
}

function compareByLengthAndName(
  left: { readonly name: string | null },
  right: { readonly name: string | null },
): number {
  const [one, other] = [left.name ?? "", right.name ?? ""];
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}
