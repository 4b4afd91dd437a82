import type { Loaders } from "../loaders/loaders.js";
import { isSameMac } from "../model/mac.js";
import { sortBestFirst } from "../loaders/match.js";
import type { GuestInterface, Nic, VmRow } from "../loaders/rows.js";
import { isUuid } from "../model/uuid.js";
import { assignDeviceIds, type Device } from "./elements/device-ids.js";
import type { Element } from "./elements/document.js";
import { BASE, formatDevice, formatGuestInfo, formatNic, formatVm } from "./elements/elements.js";
import { createNotFoundFault } from "./fault.js";
import type { Follow } from "./request/list-request.js";

/** What is to be told of a VM or vNIC beyond itself. */
export interface Wanted {
  readonly allContent: boolean;
  readonly follow: ReadonlySet<Follow>;
}

/** The VM of a path; a fault if there is none, or none for this viewer. */
export async function findVm(loaders: Loaders, vmId: string): Promise<VmRow> {
  const vm = isUuid(vmId) ? await loaders.vmById.load(vmId) : null;
  return vm ?? missing("VM", vmId);
}

/** The vNIC of a path, which must be one of the VM's. */
export async function findNic(loaders: Loaders, vmId: string, nicId: string): Promise<Nic> {
  const [vm, nic] = await Promise.all([
    findVm(loaders, vmId),
    isUuid(nicId) ? loaders.nicById.load(nicId) : Promise.resolve(null),
  ]);
  return nic !== null && nic.vmId === vm.id ? nic : missing("NIC", nicId);
}

/** A VM with all that is wanted; every part of it is loaded in one batch with those of other VMs. */
export async function readVm(loaders: Loaders, vm: VmRow, wanted: Wanted): Promise<Element> {
  const { allContent, follow } = wanted;
  const [interfaces, devices, nics] = await Promise.all([
    allContent ? loaders.knownGuestInterfaces(vm.id) : null,
    follow.has("reported_devices") ? readDevices(loaders, vm.id) : null,
    follow.has("nics") || follow.has("nics.reported_devices")
      ? readNics(loaders, vm, nicsWanted(follow))
      : null,
  ]);
  return formatVm(vm, {
    ...(allContent && { guest_info: formatGuestInfo(vm, interfaces) }),
    ...(devices !== null && { reported_devices: formatDevices(devices, `${BASE}/vms/${vm.id}`) }),
    ...(nics !== null && { nics: { nic: nics } }),
  });
}

/** All vNICs of a VM. */
export async function readNics(loaders: Loaders, vm: VmRow, wanted: ReadonlySet<Follow>): Promise<Element[]> {
  const [nics, devices] = await Promise.all([loaders.nicsByVm.load(vm.id), readDevices(loaders, vm.id)]);
  return nics.map((nic) => nicWithDevices(nic, devices, wanted));
}

/** One vNIC. */
export async function readNic(loaders: Loaders, nic: Nic, wanted: ReadonlySet<Follow>): Promise<Element> {
  return nicWithDevices(nic, await readDevices(loaders, nic.vmId), wanted);
}

/** The guest's interfaces with their ids; none where none is known, as an engine has it. */
export async function readDevices(loaders: Loaders, vmId: string): Promise<Device[]> {
  return assignDeviceIds((await loaders.knownGuestInterfaces(vmId)) ?? []);
}

/** Those of a vNIC alone, by its MAC; an engine lists the whole VM's here. */
export async function readNicDevices(loaders: Loaders, nic: Nic): Promise<Device[]> {
  return devicesWithMacOf(nic, await readDevices(loaders, nic.vmId));
}

/** The devices as a list under `parent`. */
export function formatDevices(devices: readonly Device[], parent: string): Element {
  return { reported_device: devices.map((device) => formatDevice(device, parent)) };
}

/** The device with an id, or a fault. */
export function findDevice(devices: readonly Device[], id: string): Device {
  return devices.find((device) => device.id === id.toLowerCase()) ?? missing("ReportedDevice", id);
}

/** In reported order: bonds, VLANs and bridges share a MAC. */
function devicesWithMacOf(nic: Nic, devices: readonly Device[]): Device[] {
  return devices.filter(({ row }) => isSameMac(row.macAddress, nic.macAddress));
}

function nicWithDevices(nic: Nic, devices: readonly Device[], wanted: ReadonlySet<Follow>): Element {
  const own = devicesWithMacOf(nic, devices);
  const more = wanted.has("reported_devices")
    ? { reported_devices: formatDevices(own, `${BASE}/vms/${nic.vmId}/nics/${nic.id}`) }
    : {};
  return formatNic(nic, sortBestFirst(own.map(rowOf))[0] ?? null, more);
}

function nicsWanted(follow: ReadonlySet<Follow>): ReadonlySet<Follow> {
  return new Set<Follow>(follow.has("nics.reported_devices") ? ["reported_devices"] : []);
}

function rowOf({ row }: Device): GuestInterface {
  return row;
}

function missing(what: string, id: string): never {
  throw createNotFoundFault(what, id);
}
