import { NO_CHANGES } from "../../../src/refresher/plan/plan-builder.js";
import { UNKNOWN_INTERFACE } from "../../../src/store/read/interface-columns.js";
import type { GuestInterface, HostChanges, Nic, StoredVm, VmState } from "../../../src/store/types.js";
import { HOST_A, id, VM } from "./ids.js";

export function storedNic(overrides: Partial<Nic> = {}): Nic {
  return {
    id: "99999999-9999-4999-8999-999999999999",
    vmId: VM,
    name: "vnet0",
    macAddress: "52:54:00:00:00:01",
    network: "ovirtmgmt",
    linked: true,
    ...overrides,
  };
}

export function guestInterface(overrides: Partial<GuestInterface> = {}): GuestInterface {
  return {
    ...UNKNOWN_INTERFACE,
    vmId: VM,
    name: "eth0",
    macAddress: "52:54:00:00:00:01",
    ipv4Addresses: ["10.0.0.1"],
    ipv6Addresses: ["fe80::1"],
    ...overrides,
  };
}

/** The stored VM after a pass with `reportedVm()` and `reportedNic()`. */
export function storedVm(overrides: Partial<StoredVm> = {}): StoredVm {
  return {
    id: VM,
    name: "web",
    status: 1,
    ownerId: HOST_A,
    incomingId: null,
    contenderId: null,
    ips: "10.0.0.1 fe80::1",
    fqdn: "web.example.test",
    inventoryHash: "77",
    silence: null,
    staleDetail: null,
    missedPasses: 0,
    ignoredMacs: null,
    interfaces: [guestInterface()],
    nics: [storedNic()],
    ...overrides,
  };
}

export function vmState(number: number, values: Partial<VmState> = {}): VmState {
  return {
    id: id(number),
    name: `vm-${String(number).padStart(4, "0")}`,
    status: 1,
    ownerId: HOST_A,
    incomingId: null,
    contenderId: null,
    ips: null,
    fqdn: null,
    inventoryHash: null,
    silence: null,
    staleDetail: null,
    missedPasses: 0,
    ignoredMacs: null,
    ...values,
  };
}

export function toGuestInterfaceOf(number: number, values: Partial<GuestInterface> = {}): GuestInterface {
  return {
    ...UNKNOWN_INTERFACE,
    vmId: id(number),
    name: "eth0",
    macAddress: "56:6f:00:00:00:01",
    ipv4Addresses: ["10.1.2.3"],
    ipv6Addresses: [],
    ...values,
  };
}

export function toStoredNic(number: number, vmNumber: number, values: Partial<Nic> = {}): Nic {
  return {
    id: id(0x10000 + number),
    vmId: id(vmNumber),
    name: "nic1",
    macAddress: "56:6f:00:00:00:01",
    network: "ovirtmgmt",
    linked: true,
    plugged: true,
    ...values,
  };
}

export function hostChanges(values: Partial<HostChanges> = {}): HostChanges {
  return { ...NO_CHANGES, ...values };
}

/** The change of a VM from one state to another. */
export function vmChange(before: VmState, values: Partial<VmState>) {
  return { before, after: { ...before, ...values } };
}
