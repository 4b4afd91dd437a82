import { UNKNOWN_INTERFACE } from "../../src/store/read/interface-columns.js";
import { NO_CHANGES } from "../../src/refresher/plan/plan-builder.js";
import type {
  ConfiguredHost,
  GuestInterface,
  HostChanges,
  HostClaim,
  Nic,
  Store,
  VmState,
} from "../../src/store/types.js";

/** An id that reads well: `id(7)` ends in 7. */
export function id(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}

export const HOST_A = id(0xa);
export const HOST_B = id(0xb);
export const HOST_C = id(0xc);

export const HOSTS: readonly ConfiguredHost[] = [
  { id: HOST_A, name: "host-a", host: "192.0.2.10", port: 54321 },
  { id: HOST_B, name: "host-b", host: "2001:db8::b", port: 54321 },
  { id: HOST_C, name: "host-c", host: "host-c.example", port: 54322 },
];

export const PASS = { vmCount: 1, durationMs: 12.7, visibleChanges: [] };

/** An interval at which no test is overdue. */
export const INTERVAL_MS = 3_600_000;

export function vm(number: number, values: Partial<VmState> = {}): VmState {
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
    ...values,
  };
}

export function device(number: number, values: Partial<GuestInterface> = {}): GuestInterface {
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

export function nic(number: number, vmNumber: number, values: Partial<Nic> = {}): Nic {
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

export function changes(values: Partial<HostChanges> = {}): HostChanges {
  return { ...NO_CHANGES, ...values };
}

/** The right to write for a host that is polled. */
export async function claimOf(store: Store, hostId: string): Promise<HostClaim> {
  const claim = await store.claim(hostId);
  if (claim === null) throw new Error(`host ${hostId} is not polled`);
  if ("deferred" in claim) throw new Error(`another gateway polls host ${hostId}`);
  return claim;
}

/** One whole pass of a host. */
export async function pass(
  store: Store,
  hostId: string,
  values: Partial<HostChanges> = {},
): Promise<boolean> {
  return store.apply(await claimOf(store, hostId), changes(values), PASS);
}

/** The change of a VM from one state to another. */
export function change(before: VmState, values: Partial<VmState>) {
  return { before, after: { ...before, ...values } };
}
