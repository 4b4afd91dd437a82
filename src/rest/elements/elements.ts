import type { GuestInterface, Nic, VmRow } from "../../loaders/rows.js";
import type { Device } from "./device-ids.js";
import type { Element } from "./document.js";
import { formatStatus } from "./status-words.js";

/** Where everything of this room is. */
export const BASE = "/ovirt-engine/api";

/** A VM in oVirt's words; `more` is what was asked for beyond that. */
export function formatVm(vm: VmRow, more: Element = {}): Element {
  const href = `${BASE}/vms/${vm.id}`;
  return {
    href,
    id: vm.id,
    name: vm.name,
    status: formatStatus(vm.status),
    ...(vm.fqdn !== null && { fqdn: vm.fqdn }),
    ...(vm.hostId !== null && { host: { id: vm.hostId } }),
    ...more,
    link: [
      { href: `${href}/nics`, rel: "nics" },
      { href: `${href}/reporteddevices`, rel: "reporteddevices" },
    ],
  };
}

/** The feature page's `guest_info`: what is not known is left out, and none is an empty element. */
export function formatGuestInfo(vm: VmRow, interfaces: readonly GuestInterface[] | null): Element {
  return {
    ...(vm.ips !== null && { ips: { ip: vm.ips.map(ipElement) } }),
    ...(vm.fqdn !== null && { fqdn: vm.fqdn }),
    ...(interfaces !== null && { network_devices: { network_device: interfaces.map(networkDevice) } }),
    stale: String(vm.staleReason !== null),
    ...(vm.staleReason !== null && { stale_reason: vm.staleReason.toLowerCase() }),
  };
}

/** A vNIC, with the page's properties of the guest's interface that stands behind it. */
export function formatNic(nic: Nic, guestInterface: GuestInterface | null, more: Element = {}): Element {
  const href = `${BASE}/vms/${nic.vmId}/nics/${nic.id}`;
  return {
    href,
    id: nic.id,
    name: nic.name,
    linked: String(nic.linked),
    ...(nic.plugged != null && { plugged: String(nic.plugged) }),
    ...(nic.macAddress !== null && { mac: { address: nic.macAddress } }),
    ...(nic.network !== null && { network: { name: nic.network } }),
    ...(guestInterface !== null && guestProperties(guestInterface)),
    ...more,
    vm: vmReference(nic.vmId),
    link: [{ href: `${href}/reporteddevices`, rel: "reporteddevices" }],
  };
}

/** A guest's interface as oVirt's reported device; `parent` is the path of what it is listed under. */
export function formatDevice({ id, row }: Device, parent: string): Element {
  const ips = ipsOf(row);
  return {
    href: `${parent}/reporteddevices/${id}`,
    id,
    ...(row.name !== null && { name: row.name }),
    description: "guest reported data",
    type: "network",
    ...(row.macAddress !== null && { mac: { address: row.macAddress } }),
    ...(ips.length > 0 && { ips: { ip: ips } }),
    vm: vmReference(row.vmId),
  };
}

function networkDevice(row: GuestInterface): Element {
  return {
    ...(row.name !== null && { name: row.name }),
    ...(row.macAddress !== null && { mac: { address: row.macAddress } }),
    ips: { ip: ipsOf(row) },
  };
}

function guestProperties({ name, ipv4Addresses, ipv6Addresses }: GuestInterface): Element {
  return {
    ...(name !== null && { interface_name: name }),
    ipv4: { address: ipv4Addresses },
    ipv6: { address: ipv6Addresses },
  };
}

function ipsOf({ ipv4Addresses, ipv6Addresses }: GuestInterface): Element[] {
  return [...ipv4Addresses, ...ipv6Addresses].map(ipElement);
}

function ipElement(address: string): Element {
  return { address, version: address.includes(":") ? "v6" : "v4" };
}

function vmReference(vmId: string): Element {
  return { href: `${BASE}/vms/${vmId}`, id: vmId };
}
