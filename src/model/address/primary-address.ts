import { ADDRESS_SCOPES, findAddressScope, type AddressScope } from "./address-scope.js";
import { isInCidr, parseAddress, unmapAddress, type Cidr, type IpFamily, type IpNumber } from "./cidr.js";
import { isInsideGuest, USUAL_BRIDGE_ADDRESSES } from "../guest/container-names.js";
import { isLoopbackInterface, isVirtualInterface, isVpnInterface } from "../guest/device-type.js";
import { groupByMac, isNoMac } from "./mac.js";

/** The values of a guest interface that matter for the primary address. */
export interface AddressedInterface {
  readonly name: string | null;
  readonly macAddress: string | null;
  readonly ipv4Addresses: readonly string[];
  readonly ipv6Addresses: readonly string[];
}

/** The values of a vNIC that matter for the primary address. */
export interface AddressedNic {
  readonly name: string;
  readonly macAddress: string | null;
  readonly network: string | null;
}

/** Says which address is wanted. A field that is left out or `null` allows any. */
export interface PrimaryAddressQuestion {
  /** Only addresses of this family. */
  readonly family?: IpFamily | null;
  /** Prefer addresses of vNICs on this network. */
  readonly network?: string | null;
  /** Only addresses in this prefix. */
  readonly within?: Cidr | null;
  /** Only addresses that others than those on the same link can use. */
  readonly beyondLink?: boolean;
}

/** The address by which to reach a guest. */
export interface PrimaryAddress<Interface, Nic> {
  readonly address: string;
  /** The guest interface that has it; `null` if the guest reports only addresses. */
  readonly guestInterface: Interface | null;
  /** The vNIC of the interface; `null` for an interface that the guest made itself. */
  readonly nic: Nic | null;
  /** Says why this address was chosen. */
  readonly reason: string;
}

/**
 * Finds the address by which to reach a guest, or `null` if it has none that the question allows. It prefers, in this
 * order,
 * 1. an address on the named network; if it has none there, on one whose name differs only in case;
 * 2. one that reaches beyond its link;
 * 3. one of an interface with a vNIC. Others were made by the guest, such as a tunnel, or a service's address on `lo`;
 * 4. of these others, one that is no loopback, then no tunnel. A bond or a bridge with a MAC of its own has the address of a vNIC below it;
 * 5. one of a scope that reaches farther (see {@link AddressScope});
 * 6. IPv4;
 * 7. one of the first vNIC by name;
 * 8. an IPv6 address that stays: made from the MAC or set by hand, not one that a guest makes up and replaces;
 * 9. the first one in reported order.
 *
 * Never chosen are loopback addresses, 192.0.0.0/29, and those of bridges of containers. Addresses are ranked one by one,
 * so the answer changes only if a better one comes or this one goes.
 */
export function findPrimaryAddress<Interface extends AddressedInterface, Nic extends AddressedNic>(
  interfaces: readonly Interface[],
  nics: readonly Nic[],
  question: PrimaryAddressQuestion = {},
): PrimaryAddress<Interface, Nic> | null {
  const sortedNics = nics.toSorted((left, right) => compareNumbered(left.name, right.name));
  const nicsByMac = groupByMac(sortedNics);
  const positions = new Map(sortedNics.map((nic, position) => [nic, position]));
  let best: Candidate<Interface, Nic> | null = null;
  for (const [position, guestInterface] of interfaces.entries()) {
    const nic = pickNic(nicsByMac.find(guestInterface.macAddress), question.network ?? null);
    // A bridge with a vNIC's MAC counts as the vNIC, because the guest has moved the vNIC's address to it.
    if (nic === null && isInsideGuest(guestInterface.name ?? "")) continue;
    const nicPosition = (nic === null ? undefined : positions.get(nic)) ?? sortedNics.length;
    const holder = { guestInterface, nic, position: [nicPosition, position] };
    const { ipv4Addresses, ipv6Addresses } = guestInterface;
    best = findBetter(best, ipv4Addresses, holder, question, 0);
    best = findBetter(best, ipv6Addresses, holder, question, ipv4Addresses.length);
  }
  return explain(best, question);
}

/**
 * Does the same for a guest that reports only addresses. One that a bridge of containers usually has is found if there is
 * no other.
 */
export function findPrimaryOfAddresses<Interface extends AddressedInterface, Nic extends AddressedNic>(
  addresses: readonly string[],
  question: PrimaryAddressQuestion = {},
): PrimaryAddress<Interface, Nic> | null {
  const holder: Holder<Interface, Nic> = { guestInterface: null, nic: null, position: [] };
  const outside = addresses.filter((address) => !USUAL_BRIDGE_ADDRESSES.includes(address));
  const best = findBetter(null, outside, holder, question, 0);
  // One that is left out since it ends with its link is another one, all the same.
  const isOther =
    best !== null || findBetter(null, outside, holder, { ...question, beyondLink: false }, 0) !== null;
  return explain(isOther ? best : findBetter(null, addresses, holder, question, 0), question);
}

interface Holder<Interface, Nic> {
  readonly guestInterface: Interface | null;
  readonly nic: Nic | null;
  readonly position: readonly number[];
}

interface Candidate<Interface, Nic> {
  readonly holder: Holder<Interface, Nic>;
  readonly address: string;
  readonly number: IpNumber;
  readonly scope: AddressScope;
  /** Ranks are compared from left to right; the lowest one wins. */
  readonly rank: readonly number[];
}

/**
 * Returns the best address: of these ones and of `best`. `from` is the index of the first of these ones in its holder's
 * list.
 */
function findBetter<Interface extends AddressedInterface, Nic extends AddressedNic>(
  best: Candidate<Interface, Nic> | null,
  addresses: readonly string[],
  holder: Holder<Interface, Nic>,
  { family = null, network = null, within = null, beyondLink = false }: PrimaryAddressQuestion,
  from: number,
): Candidate<Interface, Nic> | null {
  const { nic, guestInterface, position } = holder;
  for (const [index, address] of addresses.entries()) {
    const parsed = parseAddress(address);
    if (parsed === null) continue;
    const number = unmapAddress(parsed);
    const scope = findAddressScope(number);
    if (scope === null || (family !== null && number.family !== family)) continue;
    if (within !== null && !isInCidr(parsed, within)) continue;
    if (beyondLink && scope === "link-local") continue;
    const rank = [
      rankNetwork(nic, network),
      rankFirst(scope !== "link-local"),
      rankFirst(nic !== null),
      nic !== null ? 0 : rankOwnInterface(guestInterface),
      ADDRESS_SCOPES.indexOf(scope),
      number.family,
      position[0] ?? 0,
      number.family === 4 ? 0 : rankLasting(number.value, guestInterface?.macAddress ?? null),
      ...position.slice(1),
      from + index,
    ];
    // If two are equal, the first one stays, as in a stable sort.
    if (best === null || compareRanks(rank, best.rank) < 0) best = { holder, address, number, scope, rank };
  }
  return best;
}

/**
 * Picks the vNIC that an interface with its MAC is. Several share one where a passed-through card has a virtual one beside
 * it, for the time of a migration; then it is the one on the named network.
 */
function pickNic<Nic extends AddressedNic>(nics: readonly Nic[], network: string | null): Nic | null {
  let picked = nics[0] ?? null;
  for (const nic of nics) if (rankNetwork(nic, network) < rankNetwork(picked, network)) picked = nic;
  return picked;
}

/** Ranks a vNIC by its network: the named one, one whose name differs only in case, any other. Filters ignore case, too. */
function rankNetwork(nic: AddressedNic | null, network: string | null): number {
  if (network === null || nic?.network === network) return 0;
  return nic?.network?.toLowerCase() === network.toLowerCase() ? 1 : 2;
}

/**
 * Ranks interfaces that the guest made. 0: any other, such as a bond, which has the address of a vNIC below it. 1: loopback or a dummy, with
 * the address of a routed host or of a service. 2: it has no MAC, as a tunnel, or the name of one, or of an overlay or a virtual router.
 * 3: it is a VPN's by its name.
 */
function rankOwnInterface(guestInterface: AddressedInterface | null): number {
  const { name, macAddress } = guestInterface ?? { name: null, macAddress: null };
  if (name === null) return 0;
  if (isLoopbackInterface(name) || /^dummy/i.test(name)) return 1;
  if (isVpnInterface(name)) return 3;
  return macAddress === null || isNoMac(macAddress) || isVirtualInterface(name) ? 2 : 0;
}

function rankFirst(isFirst: boolean): number {
  return isFirst ? 0 : 1;
}

/**
 * Ranks how long an IPv6 address stays. 0: made from the MAC. 1: short, and so set by hand or by a server. 2: long, and
 * perhaps replaced tomorrow.
 */
export function rankLasting(value: bigint, mac: string | null): number {
  const interfaceId = value & 0xffff_ffff_ffff_ffffn;
  if (mac !== null && interfaceId === formatEui64(mac)) return 0;
  return interfaceId >> 32n === 0n ? 1 : 2;
}

/**
 * Computes the interface's part of an IPv6 address that is made from a MAC (RFC 4291, appendix A); `null` for other
 * hardware.
 */
function formatEui64(mac: string): bigint | null {
  if (!MAC.test(mac)) return null;
  const high = Number.parseInt(mac.slice(0, 2) + mac.slice(3, 5) + mac.slice(6, 8), 16);
  const low = Number.parseInt(mac.slice(9, 11) + mac.slice(12, 14) + mac.slice(15, 17), 16);
  // Bit 1 of the first octet is flipped, and ff:fe stands in the middle.
  return (BigInt(high ^ 0x020000) << 40n) | 0xff_fe00_0000n | BigInt(low);
}

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;

function explain<Interface extends AddressedInterface, Nic extends AddressedNic>(
  best: Candidate<Interface, Nic> | null,
  question: PrimaryAddressQuestion,
): PrimaryAddress<Interface, Nic> | null {
  if (best === null) return null;
  const { guestInterface, nic } = best.holder;
  return { address: best.address, guestInterface, nic, reason: formatReason(best, question) };
}

function compareRanks(left: readonly number[], right: readonly number[]): number {
  for (let at = 0; at < left.length; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Compares names, and numbers at their ends as numbers, so that nic2 comes before nic10. */
function compareNumbered(left: string, right: string): number {
  const [one, other] = [left.replace(/\d+$/, ""), right.replace(/\d+$/, "")];
  return compareTexts(one, other) || left.length - right.length || compareTexts(left, right);
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function formatReason(
  { number, scope, holder: { guestInterface, nic } }: Candidate<AddressedInterface, AddressedNic>,
  { family = null, within = null }: PrimaryAddressQuestion,
): string {
  const what = `${scope} IPv${number.family} address`;
  if (guestInterface === null) return `${what}; the guest does not tell its interfaces`;
  const name = guestInterface.name ?? "an interface without a name";
  if (nic === null) {
    const asked = family === null && within === null ? "" : " of those asked for";
    return `${what} of ${name}, which the guest made itself; no vNIC has a better one${asked}`;
  }
  const network = nic.network === null ? "" : ` on network ${nic.network}`;
  return `${what} of ${name}, which is vNIC ${nic.name}${network}`;
}
