import type { GuestInterface, HostRow, NamedRow, Nic, VmOrigin, VmRow } from "../../loaders/rows.js";
import type { FoundAddress } from "../../loaders/interfaces/primary-address.js";
import { deriveNetworkId } from "../../model/network-id.js";
import type { Device } from "./device-ids.js";
import type { Element } from "./document.js";
import { formatHostStatus, formatStatus } from "./status-words.js";
import { formatOsType } from "./os-types.js";

/** The path below which all routes of this room are. */
export const BASE = "/ovirt-engine/api";

/** The cluster and the template of VMs whose own are not known. oVirt's clients expect every VM to have both. */
export const UNKNOWN_PARENT: NamedRow = { id: "00000000-0000-0000-0000-000000000000", name: "unknown" };

/**
 * Formats a VM as oVirt does. `more` holds the parts that were asked for, which replace their links. If the origin is
 * not known, `os`, `creation_time`, cluster and template get values that say so, because clients read them without a
 * check.
 */
export function formatVm(vm: VmRow, origin: VmOrigin | null, more: Element = {}): Element {
  const href = `${BASE}/vms/${vm.id}`;
  const template = formatReference("templates", origin?.templateId ?? UNKNOWN_PARENT.id);
  return {
    href,
    id: vm.id,
    name: vm.name,
    ...(origin !== null && origin.description !== "" && { description: origin.description }),
    status: formatStatus(vm.status),
    ...(vm.fqdn !== null && { fqdn: vm.fqdn }),
    creation_time: (origin?.createdAt ?? new Date(0)).toISOString(),
    os: { type: formatOsType(origin?.osId ?? 0) },
    ...(vm.hostId !== null && { host: formatReference("hosts", vm.hostId) }),
    cluster: formatReference("clusters", origin?.clusterId ?? UNKNOWN_PARENT.id),
    template,
    original_template: template,
    ...more,
    link: VM_LINKS.map((rel) => ({ href: `${href}/${rel}`, rel })),
  };
}

/** The lists below a VM. Nothing is known for the last three, so these lists are empty. */
const VM_LINKS = ["nics", "reporteddevices", "tags", "statistics", "affinitylabels"];

/**
 * Formats the feature page's `guest_info`, with the primary address. What is not known is left out; if the guest has none, the
 * element is empty.
 */
export function formatGuestInfo(
  vm: VmRow,
  interfaces: readonly GuestInterface[] | null,
  primary: FoundAddress | null,
): Element {
  return {
    ...(vm.ips !== null && { ips: { ip: vm.ips.map(formatIp) } }),
    ...(primary !== null && formatPrimary(primary)),
    ...(vm.fqdn !== null && { fqdn: vm.fqdn }),
    ...(interfaces !== null && { network_devices: { network_device: interfaces.map(formatNetworkDevice) } }),
    stale: String(vm.staleReason !== null),
    ...(vm.staleReason !== null && { stale_reason: vm.staleReason.toLowerCase() }),
  };
}

/** Formats a vNIC, with the feature page's properties of the guest's interface behind it, and its primary address. */
export function formatNic(
  nic: Nic,
  guestInterface: GuestInterface | null,
  primary: FoundAddress | null,
  more: Element = {},
): Element {
  const href = `${BASE}/vms/${nic.vmId}/nics/${nic.id}`;
  return {
    href,
    id: nic.id,
    name: nic.name,
    linked: String(nic.linked),
    ...(nic.plugged != null && { plugged: String(nic.plugged) }),
    ...(nic.macAddress !== null && { mac: { address: nic.macAddress } }),
    ...(nic.network !== null && {
      network: {
        ...formatReference("networks", nic.networkId ?? deriveNetworkId(nic.network)),
        name: nic.network,
      },
    }),
    ...(guestInterface !== null && formatGuestProperties(guestInterface)),
    ...(primary !== null && formatPrimary(primary)),
    ...more,
    vm: formatReference("vms", nic.vmId),
    link: ["reporteddevices", "statistics"].map((rel) => ({ href: `${href}/${rel}`, rel })),
  };
}

/** Formats a guest's interface as oVirt's reported device. `parent` is the path of the VM or vNIC that lists it. */
export function formatDevice({ id, row }: Device, parent: string): Element {
  const ips = formatIps(row);
  return {
    href: `${parent}/reporteddevices/${id}`,
    id,
    ...(row.name !== null && { name: row.name }),
    description: "guest reported data",
    type: "network",
    ...(row.macAddress !== null && { mac: { address: row.macAddress } }),
    ...(ips.length > 0 && { ips: { ip: ips } }),
    vm: formatReference("vms", row.vmId),
  };
}

/** Formats a host. Only an engine knows its cluster. */
export function formatHost(host: HostRow, more: Element = {}): Element {
  return {
    href: `${BASE}/hosts/${host.id}`,
    id: host.id,
    name: host.name,
    address: readHostAddress(host),
    port: host.address.slice(host.address.lastIndexOf(":") + 1),
    status: formatHostStatus(host.status),
    ...more,
  };
}

/** Returns a host's address without its port. */
export function readHostAddress({ address }: Pick<HostRow, "address">): string {
  return address.replace(/:\d+$/, "").replaceAll(/[[\]]/g, "");
}

/** The collections of which only ids and names are known. */
export type NamedCollection = "clusters" | "templates" | "networks";

/** Formats a cluster, a template or a network. */
export function formatNamed(
  collection: NamedCollection,
  { id, name }: NamedRow,
  more: Element = {},
): Element {
  const href = `${BASE}/${collection}/${id}`;
  return {
    href,
    id,
    name,
    ...more,
    ...(collection === "clusters" && { link: [{ href: `${href}/affinitygroups`, rel: "affinitygroups" }] }),
  };
}

function formatReference(collection: string, id: string): { readonly href: string; readonly id: string } {
  return { href: `${BASE}/${collection}/${id}`, id };
}

function formatNetworkDevice(row: GuestInterface): Element {
  return {
    ...(row.name !== null && { name: row.name }),
    ...(row.macAddress !== null && { mac: { address: row.macAddress } }),
    ips: { ip: formatIps(row) },
  };
}

function formatGuestProperties({ name, ipv4Addresses, ipv6Addresses }: GuestInterface): Element {
  return {
    ...(name !== null && { interface_name: name }),
    ipv4: { address: ipv4Addresses },
    ipv6: { address: ipv6Addresses },
  };
}

function formatIps({ ipv4Addresses, ipv6Addresses }: GuestInterface): Element[] {
  return [...ipv4Addresses, ...ipv6Addresses].map(formatIp);
}

function formatPrimary({ address, reason }: FoundAddress): Element {
  return { primary_address: { ...formatIp(address), reason } };
}

function formatIp(address: string): Element {
  return { address, version: address.includes(":") ? "v6" : "v4" };
}
