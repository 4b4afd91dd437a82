import type { ReportedVm } from "../../vdsm/records/types.js";
import { VM_STATUS } from "../../model/guest/vm-status.js";

/** Returns oVirt's number for VDSM's status. An unknown status means a running VM in an unknown state. */
export function toVmStatus(name: string): number {
  return STATUS_BY_NAME.get(name) ?? VM_STATUS.UNKNOWN;
}

/**
 * Returns `true` for the source of a migration whose guest already runs at the destination. VDSM reports it as paused, without
 * the guest's data.
 */
export function isPostCopySource({ status, pauseCode }: ReportedVm): boolean {
  return status === "Paused" && pauseCode === "POSTCOPY";
}

/** Returns the state of a VM that runs, as the engine shows it. A state that cannot be read stays as it was. */
export function readRunningStatus(reported: ReportedVm, before: number): number {
  const { status, monitorResponse } = reported;
  if (status === null) return before;
  if (isPostCopySource(reported)) return VM_STATUS.MIGRATING_FROM;
  const number = toVmStatus(status);
  const isMute = monitorResponse !== null && monitorResponse < 0;
  return isMute && GUEST_CPU_RUNS.has(number) ? VM_STATUS.NOT_RESPONDING : number;
}

/**
 * Returns the state of a VM that has ended. It is suspended if its memory was saved: either its last record says so, or its
 * host was saving it when it was last seen, because the engine may remove the last record before the next poll.
 */
export function readEndedStatus(reported: ReportedVm | null, before: number): number {
  const exitReason = reported?.exitReason ?? null;
  if (exitReason === SAVE_STATE_SUCCEEDED) return VM_STATUS.SUSPENDED;
  return exitReason === null && before === VM_STATUS.SAVING_STATE ? VM_STATUS.SUSPENDED : VM_STATUS.DOWN;
}

/** Stored states of a VM whose owner says Up. */
export const SAYS_UP: ReadonlySet<number> = new Set([VM_STATUS.UP, VM_STATUS.NOT_RESPONDING]);

/** VDSM's `exitReason` of a VM whose state was saved to be restored later. */
const SAVE_STATE_SUCCEEDED = 5;

/** The engine's `isGuestCpuRunning`. In other states QEMU's monitor may be silent without a fault. */
const GUEST_CPU_RUNS: ReadonlySet<number> = new Set([VM_STATUS.UP, VM_STATUS.POWERING_UP]);

const STATUS_BY_NAME: ReadonlyMap<string, number> = new Map([
  ["Up", VM_STATUS.UP],
  ["Down", VM_STATUS.DOWN],
  ["Paused", VM_STATUS.PAUSED],
  ["Powering up", VM_STATUS.POWERING_UP],
  ["Powering down", VM_STATUS.POWERING_DOWN],
  ["RebootInProgress", VM_STATUS.REBOOT_IN_PROGRESS],
  ["Migration Source", VM_STATUS.MIGRATING_FROM],
  ["Migration Destination", VM_STATUS.MIGRATING_TO],
  ["Restoring state", VM_STATUS.RESTORING_STATE],
  ["Saving State", VM_STATUS.SAVING_STATE],
  ["WaitForLaunch", VM_STATUS.WAIT_FOR_LAUNCH],
]);
