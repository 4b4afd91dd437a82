import { ConnectionFailureError } from "../wire/connection-failure.js";
import type { HostReport, RejectedVm, ReportedVm } from "./types.js";
import { isRejected } from "./vm-stats.js";

/** Makes the report of these records: every VM once. */
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
  return { vms: [...vms.values()], rejected };
}

/** Throws where an answer has more records than any host has VMs: each of them costs more than its bytes. */
export function checkCount(records: number): void {
  if (records > MAX_RECORDS) {
    throw new ConnectionFailureError("protocol", `the answer has more than ${MAX_RECORDS} records of VMs`);
  }
}

/** Ranks two records of one VM in one answer: the livelier counts; of equals, the first. */
function rankRecord(vm: ReportedVm): number {
  if (vm.status === null || vm.status === "Down") return 0;
  return vm.status === "Migration Destination" || vm.status === "WaitForLaunch" ? 1 : 2;
}

/** A record has a kilobyte at least, so that a frame of 64 MiB has no room for more. */
const MAX_RECORDS = 65_536;
