import { parseInterfaces, type ReportedInterface } from "../../src/vdsm/records/interfaces.js";
import { ProblemList } from "../../src/vdsm/records/values.js";
import type { HostReport, ReportedNic, ReportedVm } from "../../src/vdsm/records/types.js";
import { DEFAULT_IGNORED_NAMES } from "../../src/model/name-patterns.js";
import { UNKNOWN_INTERFACE } from "../../src/store/read/interface-columns.js";
import type { PassResult } from "../../src/refresher/pass.js";
import type { ConfiguredHost, GuestInterface, Nic, StoredVm } from "../../src/store/types.js";

/** What an entry of `netIfaces` without any key is. */
export const SILENT_INTERFACE = parseInterfaces([{}], new ProblemList())![0]!;

export const IGNORE = DEFAULT_IGNORED_NAMES;
export const VM = "11111111-1111-4111-8111-111111111111";
export const VM2 = "22222222-2222-4222-8222-222222222222";
export const A = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
export const B = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";
export const C = "cccccccc-cccc-4ccc-8ccc-cccccccccccc";

export function configuredHost(id: string, port = 54_321): ConfiguredHost {
  return { id, name: `host-${id.slice(0, 1)}`, host: "127.0.0.1", port };
}

/** How a pass over host A ended that found one VM as it was. */
export function passResult(overrides: Partial<PassResult> = {}): PassResult {
  return {
    host: configuredHost(A),
    outcome: "done",
    failure: null,
    inventoryFailure: null,
    vms: 1,
    rejectedVms: 0,
    newProblems: new Map(),
    rejectedRecords: [],
    endedProblems: [],
    changedVms: 0,
    added: 0,
    changed: 0,
    removed: 0,
    durationMs: 5,
    ...overrides,
  };
}

export function reportedInterface(overrides: Partial<ReportedInterface> = {}): ReportedInterface {
  const spoken = { name: "eth0", hw: "52:54:00:00:00:01", inet: ["10.0.0.1"], inet6: ["fe80::1"] };
  return { ...SILENT_INTERFACE, ...spoken, ...overrides };
}

export function reportedVm(overrides: Partial<ReportedVm> = {}): ReportedVm {
  return {
    vmId: VM,
    vmName: "web",
    status: "Up",
    hash: "77",
    exitReason: null,
    netIfaces: [reportedInterface()],
    guestIPs: "",
    guestFQDN: "web.example.test",
    monitorResponse: 0,
    problems: [],
    ...overrides,
  };
}

export function downRecord(exitReason: number | null = 1, vmId = VM): ReportedVm {
  return {
    vmId,
    vmName: null,
    status: "Down",
    hash: null,
    exitReason,
    netIfaces: null,
    guestIPs: null,
    guestFQDN: null,
    monitorResponse: null,
    problems: [],
  };
}

export function reportOf(...vms: ReportedVm[]): HostReport {
  return { vms, rejected: [] };
}

export function reportedNic(overrides: Partial<ReportedNic> = {}): ReportedNic {
  return {
    id: "99999999-9999-4999-8999-999999999999",
    name: "vnet0",
    macAddr: "52:54:00:00:00:01",
    network: "ovirtmgmt",
    linkActive: true,
    ...overrides,
  };
}

export function nic(overrides: Partial<Nic> = {}): Nic {
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

export function device(overrides: Partial<GuestInterface> = {}): GuestInterface {
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

/** What is stored after `reportedVm()` with `reportedNic()` was taken in. */
export function storedVm(overrides: Partial<StoredVm> = {}): StoredVm {
  return {
    id: VM,
    name: "web",
    status: 1,
    ownerId: A,
    incomingId: null,
    contenderId: null,
    ips: "10.0.0.1 fe80::1",
    fqdn: "web.example.test",
    inventoryHash: "77",
    silence: null,
    staleDetail: null,
    missedPasses: 0,
    interfaces: [device()],
    nics: [nic()],
    ...overrides,
  };
}
