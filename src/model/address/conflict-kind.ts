import { findAddressScope } from "./address-scope.js";
import { parseAddress } from "./cidr.js";
import { isInsideGuest } from "../guest/container-names.js";
import { rankLasting, type AddressedInterface } from "./primary-address.js";

/** One of several VMs that have an address. */
export interface AddressHolder<Interface extends AddressedInterface> {
  /** The interface that has the address; `null`: the guest does not tell its interfaces. */
  readonly device: Interface | null;
  /** All of the guest's interfaces. */
  readonly interfaces: readonly Interface[];
}

/**
 * Decides whether an address that several VMs have is a virtual router's, or another one that is meant to be shared. It is
 * if at most one VM has it in the usual way. The others have it in one of these ways:
 * 1. on a virtual MAC, or on the interface of a program for virtual routers;
 *    or on one with a label behind its name (`eth0:1`), which is a second address that something has added;
 * 2. on `lo` or a dummy, beside an address by which others reach the guest, as servers behind a load balancer do;
 * 3. IPv4: after another address of the same interface, with which no other VM's begins. Kernels list what was added later
 *    behind it, as keepalived's. Copies of a VM have all of its addresses;
 * 4. IPv6, where kernels list what was added later first: beside one that was set by hand, in the same prefix of 64, which
 *    only this VM has. One that a machine makes up by itself says nothing: each copy of a VM has another one;
 * 5. IPv6: with nothing behind the prefix of 64, which stands for all routers there (RFC 4291, section 2.6.1).
 */
export function findConflictKind<Interface extends AddressedInterface>(
  address: string,
  holders: readonly AddressHolder<Interface>[],
): "DUPLICATE" | "VIRTUAL_ROUTER" {
  const usual = holders.filter((holder) => !isVirtual(address, holder, holders));
  return usual.length <= 1 ? "VIRTUAL_ROUTER" : "DUPLICATE";
}

function isVirtual<Interface extends AddressedInterface>(
  address: string,
  holder: AddressHolder<Interface>,
  holders: readonly AddressHolder<Interface>[],
): boolean {
  const { device, interfaces } = holder;
  if (device === null) return false;
  const { name, macAddress } = device;
  if (macAddress !== null && ROUTER_MAC.test(macAddress)) return true;
  if (name !== null && (ROUTER_NAME.test(name) || LABEL.test(name))) return true;
  if (isOfServices(device)) return interfaces.some((each) => !isOfServices(each) && isReachable(each));
  const others = holders.filter((other) => other !== holder);
  if (!address.includes(":")) {
    const first = findFirstIPv4(device);
    return first !== address && others.every((other) => findFirstIPv4(other.device) !== first);
  }
  const value = parseAddress(address)?.value ?? 0n;
  if ((value & INTERFACE_ID) === 0n) return true;
  return device.ipv6Addresses.some(
    (each) =>
      each !== address &&
      isSetByHand(each, macAddress, value >> 64n) &&
      others.every((other) => !hasAddress(other.device, each)),
  );
}

/** Finds the first address of an interface that reaches beyond its link. Many nodes have the same one that does not. */
function findFirstIPv4(device: AddressedInterface | null): string | undefined {
  return device?.ipv4Addresses.find((each) => !each.startsWith("169.254."));
}

/** The virtual MACs of VRRP and CARP, HSRP 1 and 2, GLBP. */
const ROUTER_MAC = /^(?:00:00:5e:00:0[12]|00:00:0c:07:ac|00:00:0c:9f:f[0-9a-f]|00:07:b4)/;
const ROUTER_NAME = /^(?:vrrp|carp|vip)[\w.-]*$/i;
const LABEL = /^[\w.-]+:[\w.-]+$/;
const INTERFACE_ID = 0xffff_ffff_ffff_ffffn;

function isOfServices({ name }: AddressedInterface): boolean {
  return name !== null && /^(?:lo|dummy)\d*$/i.test(name);
}

/** Returns whether others reach a guest by an interface. */
function isReachable({ name, ipv4Addresses, ipv6Addresses }: AddressedInterface): boolean {
  if (isInsideGuest(name ?? "")) return false;
  return [...ipv4Addresses, ...ipv6Addresses].some((address) => {
    const parsed = parseAddress(address);
    const scope = parsed === null ? null : findAddressScope(parsed);
    return scope !== null && scope !== "link-local";
  });
}

/** Returns whether an address is in a prefix of 64 and was set by hand or by a server: short, and not made from the MAC. */
function isSetByHand(address: string, mac: string | null, prefix: bigint): boolean {
  const parsed = parseAddress(address);
  return parsed?.family === 6 && parsed.value >> 64n === prefix && rankLasting(parsed.value, mac) === 1;
}

function hasAddress(device: AddressedInterface | null, address: string): boolean {
  return device !== null && device.ipv6Addresses.includes(address);
}
