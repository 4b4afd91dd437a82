import type { Loaders } from "../loaders/loaders.js";
import { isSameMac } from "../model/mac.js";
import { sortBestFirst } from "../loaders/match.js";
import type { GuestInterface, Nic, VmRow } from "../loaders/rows.js";
import { isUuid } from "../model/uuid.js";
import { withIds, type Device } from "./device-ids.js";
import type { Element } from "./document.js";
import { BASE, deviceElement, guestInfoElement, nicElement, vmElement } from "./elements.js";
import { notFound } from "./fault.js";
import type { Follow } from "./question.js";

/** What is to be told of a VM or vNIC beyond itself. */
export interface Wanted {
  readonly allContent: boolean;
  readonly follow: ReadonlySet<Follow>;
}

/** The VM of a path; a fault if there is none, or none for this viewer. */
export async function vmAt(loaders: Loaders, vmId: string): Promise<VmRow> {
  const vm = isUuid(vmId) ? await loaders.vmById.load(vmId) : null;
  return vm ?? missing("VM", vmId);
}

/** The vNIC of a path, which must be one of the VM's. */
export async function nicAt(loaders: Loaders, vmId: string, nicId: string): Promise<Nic> {
  const [vm, nic] = await Promise.all([
    vmAt(loaders, vmId),
    isUuid(nicId) ? loaders.nicById.load(nicId) : Promise.resolve(null),
  ]);
  return nic !== null && nic.vmId === vm.id ? nic : missing("NIC", nicId);
}

/** A VM with all that is wanted; every part of it is loaded in one batch with those of other VMs. */
export async function vmAnswer(loaders: Loaders, vm: VmRow, wanted: Wanted): Promise<Element> {
  const { allContent, follow } = wanted;
  const [interfaces, devices, nics] = await Promise.all([
    allContent ? loaders.knownGuestInterfaces(vm.id) : null,
    follow.has("reported_devices") ? devicesOf(loaders, vm.id) : null,
    follow.has("nics") || follow.has("nics.reported_devices")
      ? nicsAnswer(loaders, vm, nicsWanted(follow))
      : null,
  ]);
  return vmElement(vm, {
    ...(allContent && { guest_info: guestInfoElement(vm, interfaces) }),
    ...(devices !== null && { reported_devices: devicesElement(devices, `${BASE}/vms/${vm.id}`) }),
    ...(nics !== null && { nics: { nic: nics } }),
  });
}

/** All vNICs of a VM. */
export async function nicsAnswer(
  loaders: Loaders,
  vm: VmRow,
  wanted: ReadonlySet<Follow>,
): Promise<Element[]> {
  const [nics, devices] = await Promise.all([loaders.nicsByVm.load(vm.id), devicesOf(loaders, vm.id)]);
  return nics.map((nic) => nicWithDevices(nic, devices, wanted));
}

/** One vNIC. */
export async function nicAnswer(loaders: Loaders, nic: Nic, wanted: ReadonlySet<Follow>): Promise<Element> {
  return nicWithDevices(nic, await devicesOf(loaders, nic.vmId), wanted);
}

/** The guest's interfaces with their ids; none where none is known, as an engine has it. */
export async function devicesOf(loaders: Loaders, vmId: string): Promise<Device[]> {
  return withIds((await loaders.knownGuestInterfaces(vmId)) ?? []);
}

/** Those of a vNIC alone, by its MAC; an engine lists the whole VM's here. */
export async function devicesOfNic(loaders: Loaders, nic: Nic): Promise<Device[]> {
  return devicesWithMacOf(nic, await devicesOf(loaders, nic.vmId));
}

/** The devices as a list under `parent`. */
export function devicesElement(devices: readonly Device[], parent: string): Element {
  return { reported_device: devices.map((device) => deviceElement(device, parent)) };
}

/** The device with an id, or a fault. */
export function deviceAt(devices: readonly Device[], id: string): Device {
  return devices.find((device) => device.id === id.toLowerCase()) ?? missing("ReportedDevice", id);
}

/** In reported order: bonds, VLANs and bridges share a MAC. */
function devicesWithMacOf(nic: Nic, devices: readonly Device[]): Device[] {
  return devices.filter(({ row }) => isSameMac(row.macAddress, nic.macAddress));
}

function nicWithDevices(nic: Nic, devices: readonly Device[], wanted: ReadonlySet<Follow>): Element {
  const own = devicesWithMacOf(nic, devices);
  const more = wanted.has("reported_devices")
    ? { reported_devices: devicesElement(own, `${BASE}/vms/${nic.vmId}/nics/${nic.id}`) }
    : {};
  return nicElement(nic, sortBestFirst(own.map(rowOf))[0] ?? null, more);
}

function nicsWanted(follow: ReadonlySet<Follow>): ReadonlySet<Follow> {
  return new Set<Follow>(follow.has("nics.reported_devices") ? ["reported_devices"] : []);
}

function rowOf({ row }: Device): GuestInterface {
  return row;
}

function missing(what: string, id: string): never {
  throw notFound(what, id);
}
