import { VM_STATUS } from "../../model/vm-status.js";

/** oVirt's number for VDSM's word; a word that we do not know is a running VM in a state that we do not know. */
export function toVmStatus(word: string): number {
  return STATUS_OF_WORD.get(word) ?? VM_STATUS.UNKNOWN;
}

const STATUS_OF_WORD: ReadonlyMap<string, number> = new Map([
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
