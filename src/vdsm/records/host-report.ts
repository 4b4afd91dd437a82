import { ConnectionFailureError } from "../wire/connection-failure.js";
import type { ReportedVm } from "./types.js";
import type { RecordProblem } from "./values.js";

/** Takes every VM once. */
export function mergeRecords(records: readonly ReportedVm[]): ReportedVm[] {
  const vms = new Map<string, ReportedVm>();
  for (const vm of records) {
    const other = vms.get(vm.vmId);
    if (other === undefined || rankRecord(vm) > rankRecord(other)) vms.set(vm.vmId, vm);
  }
  return [...vms.values()];
}

/** Throws if an answer has more records than any host has VMs. A record costs more than its bytes. */
export function checkCount(records: number): void {
  if (records > MAX_RECORDS) {
    throw new ConnectionFailureError("protocol", `the answer has more than ${MAX_RECORDS} records of VMs`);
  }
}

/**
 * Collects what VMs report. All of it is in memory together, so it is {@link MAX_ENTRIES} at most, or what a single VM
 * reports. Beyond it, VMs with more than an equal part are left out: at random, so that each of them has its turn.
 */
export class ReportList {
  readonly vms: ReportedVm[] = [];
  /** The positions in the answer of the VMs whose interfaces are left out. */
  readonly leftOut: number[] = [];
  private readonly equalPart: number;
  private readonly large: LargeReport[] = [];
  private entries = 0;

  constructor(records: number) {
    this.equalPart = MAX_ENTRIES / records;
  }

  add(vm: ReportedVm, position: number): void {
    const entries = countEntries(vm);
    this.entries += entries;
    if (entries > this.equalPart) this.large.push({ at: this.vms.length, position, entries });
    this.vms.push(vm);
    while (this.entries > MAX_ENTRIES && this.large.length > 1) this.leaveOneOut();
  }

  private leaveOneOut(): void {
    const { large, vms } = this;
    const [last, chosen] = [large.pop(), Math.floor(Math.random() * (large.length + 1))];
    const one = large[chosen] ?? last;
    const vm = vms[one?.at ?? -1];
    if (last === undefined || one === undefined || vm === undefined) return;
    if (one !== last) large[chosen] = last;
    vms[one.at] = { ...vm, netIfaces: null, problems: [...vm.problems, NOT_YET_READ] };
    this.leftOut.push(one.position);
    this.entries -= one.entries;
  }
}

/** A VM with more than an equal part, by its places in the list and in the answer. */
interface LargeReport {
  readonly at: number;
  readonly position: number;
  readonly entries: number;
}

function countEntries({ netIfaces }: ReportedVm): number {
  let entries = 0;
  for (const { inet, inet6, problems } of netIfaces ?? [])
    entries += 1 + (inet?.length ?? 0) + (inet6?.length ?? 0) + problems.length;
  return entries;
}

/** The most interfaces and addresses that are read of an answer: eight of each VM of the largest one. */
export const MAX_ENTRIES = 524_288;

const NOT_YET_READ: RecordProblem = {
  field: "netIfaces",
  reason: `is left to a later poll: the host's VMs have more than ${MAX_ENTRIES} interfaces and addresses to be read`,
};

/** Ranks a record. If an answer has several records of one VM, the highest counts; of equals, the first. */
function rankRecord(vm: ReportedVm): number {
  if (vm.status === null || vm.status === "Down") return 0;
  return vm.status === "Migration Destination" || vm.status === "WaitForLaunch" ? 1 : 2;
}

/** The most records of an answer. A record has at least a kilobyte, so a frame of 64 MiB cannot hold more. */
const MAX_RECORDS = 65_536;
