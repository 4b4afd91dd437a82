import type { Loaders } from "../loaders/loaders.js";
import { isSameMac } from "../model/address/mac.js";
import { findPrimaryAddress } from "../model/address/primary-address.js";
import { isUuid } from "../model/uuid.js";
import { sortBestFirst } from "../loaders/interfaces/match.js";
import { loadPrimaryAddress } from "../loaders/interfaces/primary-address.js";
import type { GuestInterface, HostRow, NamedRow, Nic, VmRow } from "../loaders/rows.js";
import { assignDeviceIds, type Device } from "./elements/device-ids.js";
import type { Element } from "./elements/document.js";
import {
  BASE,
  formatDevice,
  formatGuestInfo,
  formatHost,
  formatNamed,
  formatNic,
  formatVm,
  UNKNOWN_PARENT,
  type NamedCollection,
} from "./elements/elements.js";
import { createNotFoundFault } from "./fault.js";
import { followFrom, type FollowTree } from "./request/follow.js";

/** The parts of a VM that are read besides its own row. */
export interface Wanted {
  readonly allContent: boolean;
  readonly follow: FollowTree;
}

/** Finds the VM of a path. Throws a fault if there is none, or none for this viewer. */
export async function findVm(loaders: Loaders, vmId: string): Promise<VmRow> {
  const vm = isUuid(vmId) ? await loaders.vmById.load(vmId) : null;
  return vm ?? refuseMissing("VM", vmId);
}

/** Finds the vNIC of a path. It must belong to the VM of the path. */
export async function findNic(loaders: Loaders, vmId: string, nicId: string): Promise<Nic> {
  const [vm, nic] = await Promise.all([
    findVm(loaders, vmId),
    isUuid(nicId) ? loaders.nicById.load(nicId) : Promise.resolve(null),
  ]);
  return nic !== null && nic.vmId === vm.id ? nic : refuseMissing("NIC", nicId);
}

/** Finds a host. */
export async function findHost(loaders: Loaders, hostId: string): Promise<HostRow> {
  const host = isUuid(hostId) ? await loaders.hostById.load(hostId) : null;
  return host ?? refuseMissing("Host", hostId);
}

/** Finds a cluster, a template or a network. */
export async function findNamed(
  loaders: Loaders,
  collection: NamedCollection,
  id: string,
): Promise<NamedRow> {
  if (collection !== "networks" && id === UNKNOWN_PARENT.id) {
    const known = await loaders.getNamedById(collection).load(id);
    return known ?? UNKNOWN_PARENT;
  }
  const found = isUuid(id) ? await loaders.getNamedById(collection).load(id) : null;
  return found ?? refuseMissing(KINDS[collection], id);
}

/** Reads a VM with all wanted parts. Each part is loaded in one batch with those of other VMs. */
export async function readVm(loaders: Loaders, vm: VmRow, wanted: Wanted): Promise<Element> {
  const { allContent, follow } = wanted;
  const [origin, interfaces, primary, devices, nics] = await Promise.all([
    loaders.vmOriginById.load(vm.id),
    allContent ? loaders.loadKnownGuestInterfaces(vm.id) : null,
    allContent ? loadPrimaryAddress(loaders, vm) : null,
    follow.has("reported_devices") ? readDevices(loaders, vm.id) : null,
    follow.has("nics") ? readNics(loaders, vm, followFrom(follow, "nics")) : null,
  ]);
  const [host, cluster, template] = await Promise.all([
    follow.has("host") && vm.hostId !== null ? loaders.hostById.load(vm.hostId) : null,
    follow.has("cluster") ? findNamed(loaders, "clusters", origin?.clusterId ?? UNKNOWN_PARENT.id) : null,
    follow.has("template") || follow.has("original_template")
      ? findNamed(loaders, "templates", origin?.templateId ?? UNKNOWN_PARENT.id)
      : null,
  ]);
  return formatVm(vm, origin, {
    ...(allContent && { guest_info: formatGuestInfo(vm, interfaces, primary) }),
    ...(devices !== null && { reported_devices: formatDevices(devices, `${BASE}/vms/${vm.id}`) }),
    ...(nics !== null && { nics: { nic: nics } }),
    ...(host !== null && { host: formatHost(host) }),
    ...(cluster !== null && { cluster: formatNamed("clusters", cluster) }),
    ...(template !== null && formatFollowedTemplates(template, follow)),
    ...formatEmptyLists(follow, VM_EMPTY_LISTS),
  });
}

/** Reads all vNICs of a VM. */
export async function readNics(loaders: Loaders, vm: VmRow, follow: FollowTree): Promise<Element[]> {
  const [nics, devices] = await Promise.all([loaders.nicsByVm.load(vm.id), readDevices(loaders, vm.id)]);
  return nics.map((nic) => formatNicWithDevices(nic, devices, follow));
}

/** Reads one vNIC. */
export async function readNic(loaders: Loaders, nic: Nic, follow: FollowTree): Promise<Element> {
  return formatNicWithDevices(nic, await readDevices(loaders, nic.vmId), follow);
}

/** Reads the guest's interfaces with their ids. Gives an empty list if they are not known, as an engine does. */
export async function readDevices(loaders: Loaders, vmId: string): Promise<Device[]> {
  return assignDeviceIds((await loaders.loadKnownGuestInterfaces(vmId)) ?? []);
}

/** Reads the interfaces behind one vNIC, by its MAC. An engine lists all of the VM here. */
export async function readNicDevices(loaders: Loaders, nic: Nic): Promise<Device[]> {
  return filterByMac(nic, await readDevices(loaders, nic.vmId));
}

/** Formats the devices as a list under `parent`. */
export function formatDevices(devices: readonly Device[], parent: string): Element {
  return { reported_device: devices.map((device) => formatDevice(device, parent)) };
}

/** Finds the device with an id. Throws a fault if there is none. */
export function findDevice(devices: readonly Device[], id: string): Device {
  return devices.find((device) => device.id === id.toLowerCase()) ?? refuseMissing("ReportedDevice", id);
}

/** Filters the devices with the vNIC's MAC, in reported order. Bonds, VLANs and bridges share a MAC. */
function filterByMac(nic: Nic, devices: readonly Device[]): Device[] {
  return devices.filter(({ row }) => isSameMac(row.macAddress, nic.macAddress));
}

function formatNicWithDevices(nic: Nic, devices: readonly Device[], follow: FollowTree): Element {
  const own = filterByMac(nic, devices);
  const more = {
    ...(follow.has("reported_devices") && {
      reported_devices: formatDevices(own, `${BASE}/vms/${nic.vmId}/nics/${nic.id}`),
    }),
    ...formatEmptyLists(follow, { statistics: "statistic" }),
  };
  const interfaces = sortBestFirst(own.map(getRow));
  return formatNic(nic, interfaces[0] ?? null, findPrimaryAddress(interfaces, [nic]), more);
}

/** Lists that are always empty when a client follows them, because nothing is known of their elements. */
const VM_EMPTY_LISTS = { tags: "tag", statistics: "statistic", affinity_labels: "affinity_label" } as const;

function formatEmptyLists(follow: FollowTree, lists: Readonly<Record<string, string>>): Element {
  const wanted = Object.entries(lists).filter(([name]) => follow.has(name));
  return Object.fromEntries(wanted.map(([name, item]) => [name, { [item]: [] }]));
}

function formatFollowedTemplates(template: NamedRow, follow: FollowTree): Element {
  const element = formatNamed("templates", template);
  return {
    ...(follow.has("template") && { template: element }),
    ...(follow.has("original_template") && { original_template: element }),
  };
}

/** Their names in faults. */
const KINDS: Readonly<Record<NamedCollection, string>> = {
  clusters: "Cluster",
  templates: "Template",
  networks: "Network",
};

function getRow({ row }: Device): GuestInterface {
  return row;
}

function refuseMissing(kind: string, id: string): never {
  throw createNotFoundFault(kind, id);
}
