import { UNKNOWN_INTERFACE } from "../../../src/store/read/interface-columns.js";
import type { GuestInterface, HostRow, Nic, VmRow } from "../../../src/store/types.js";
import { mac, uuid } from "./ids.js";

export function vmRow(number: number, values: Partial<VmRow> = {}): VmRow {
  return {
    id: uuid(1, number),
    name: `vm-${String(number).padStart(4, "0")}`,
    status: 1,
    hostId: uuid(3, number % 2),
    ips: ["10.0.0.1"],
    fqdn: null,
    interfacesKnown: true,
    nicsKnown: true,
    lastReportedAt: new Date("2026-11-24T10:00:00Z"),
    staleReason: null,
    staleDetail: null,
    staleSince: null,
    lastChangedAt: null,
    ...values,
  };
}

export function nicRow(number: number, vmId: string, values: Partial<Nic> = {}): Nic {
  return {
    id: uuid(2, number),
    vmId,
    name: `nic${number}`,
    macAddress: mac(number),
    network: null,
    linked: true,
    ...values,
  };
}

export function guestInterfaceRow(vmId: string, values: Partial<GuestInterface> = {}): GuestInterface {
  return { ...UNKNOWN_INTERFACE, vmId, name: "eth0", macAddress: mac(1), ...values };
}

export function hostRow(number: number, values: Partial<HostRow> = {}): HostRow {
  return {
    id: uuid(3, number),
    name: `host-${number}`,
    address: `host-${number}:54321`,
    status: 3,
    lastAttemptAt: null,
    polled: true,
    lastSuccessAt: null,
    lastError: null,
    lastWarning: null,
    ...values,
  };
}
