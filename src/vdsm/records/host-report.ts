import { ConnectionFailureError } from "../wire/connection-failure.js";
import { readResult } from "../wire/reply.js";
import type { HostReport, RejectedVm, ReportedVm } from "./types.js";
import { parseVm, isRejected } from "./vm-stats.js";

/** What the body of a reply to `Host.getAllVmStats` says: every VM once, unreadable ones apart. */
export function parseHostReport(body: Buffer): HostReport {
  const records = readResult(body);
  if (!Array.isArray(records)) throw new ConnectionFailureError("protocol", "the answer is no list of VMs");
  checkCount(records.length);
  return mergeRecords(records.map(parseVm));
}

/** Every VM of these once. */
export function mergeRecords(records: readonly (ReportedVm | RejectedVm)[]): HostReport {
  const vms = new Map<string, ReportedVm>();
  const rejected: RejectedVm[] = [];
  for (const vm of records) {
    if (isRejected(vm)) {
      rejected.push(vm);
      continue;
    }
    const other = vms.get(vm.vmId);
    if (other === undefined || rankRecord(vm) > rankRecord(other)) vms.set(vm.vmId, vm);
  }
  return { vms: [...vms.values()], rejected: removeRepeats(rejected, vms) };
}

/** Throws where an answer has more records than any host has VMs: each of them costs more than its bytes. */
export function checkCount(records: number): void {
  if (records > MAX_RECORDS) {
    throw new ConnectionFailureError("protocol", `the answer has more than ${MAX_RECORDS} records of VMs`);
  }
}

/** Of two records of one VM in one answer, the livelier counts; of equals, the first. */
function rankRecord(vm: ReportedVm): number {
  if (vm.status === "Down") return 0;
  return vm.status === "Migration Destination" || vm.status === "WaitForLaunch" ? 1 : 2;
}

/** A VM that could be read once is no reject; one that could not is told once. */
function removeRepeats(rejected: readonly RejectedVm[], vms: ReadonlyMap<string, ReportedVm>): RejectedVm[] {
  const told = new Set<string>();
  return rejected.filter(({ vmId }) => {
    if (vmId === null) return true;
    if (vms.has(vmId) || told.has(vmId)) return false;
    told.add(vmId);
    return true;
  });
}

/** A record has a kilobyte at least, so that a frame of 64 MiB has no room for more. */
const MAX_RECORDS = 65_536;
