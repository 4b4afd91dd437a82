import { ConnectionFailureError } from "../wire/connection-failure.js";
import type { HostReport, RejectedVm, ReportedVm } from "./types.js";
import { isRejected } from "./vm-stats.js";

/** Makes a report of the records, with every VM once. */
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

/** Throws if an answer has more records than any host has VMs. A record costs more than its bytes. */
export function checkCount(records: number): void {
  if (records > MAX_RECORDS) {
    throw new ConnectionFailureError("protocol", `the answer has more than ${MAX_RECORDS} records of VMs`);
  }
}

/** Adds up what VMs report, and throws if it is more than any host has to tell. All of it is in memory together. */
export class ReportSize {
  private entries = 0;

  add(vm: ReportedVm | RejectedVm): void {
    if (isRejected(vm) || vm.netIfaces === null) return;
    for (const { inet, inet6 } of vm.netIfaces)
      this.entries += 1 + (inet?.length ?? 0) + (inet6?.length ?? 0);
    if (this.entries > MAX_ENTRIES) {
      throw new ConnectionFailureError(
        "protocol",
        `the answer has more than ${MAX_ENTRIES} interfaces and addresses`,
      );
    }
  }
}

/** The most interfaces and addresses of all VMs of an answer: eight of each VM of the largest one. */
export const MAX_ENTRIES = 524_288;

/** Ranks a record. If an answer has several records of one VM, the highest counts; of equals, the first. */
function rankRecord(vm: ReportedVm): number {
  if (vm.status === null || vm.status === "Down") return 0;
  return vm.status === "Migration Destination" || vm.status === "WaitForLaunch" ? 1 : 2;
}

/** The most records of an answer. A record has at least a kilobyte, so a frame of 64 MiB cannot hold more. */
const MAX_RECORDS = 65_536;
