import { parseInterfaces, type ReportedInterface } from "../../../src/vdsm/records/interfaces.js";
import type { HostReport, ReportedNic, ReportedVm } from "../../../src/vdsm/records/types.js";
import { ProblemList } from "../../../src/vdsm/records/values.js";
import { VM } from "./ids.js";

/** The parsed form of an entry of `netIfaces` without any key. */
export const SILENT_INTERFACE = parseInterfaces([{}], new ProblemList())![0]!;

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
    pauseCode: null,
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
    pauseCode: null,
    monitorResponse: null,
    problems: [],
  };
}

export function hostReport(...vms: ReportedVm[]): HostReport {
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
