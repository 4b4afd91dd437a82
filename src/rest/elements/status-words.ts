import { VM_STATUS } from "../../model/vm-status.js";

/** oVirt's REST word for a VM's state; a number without a word is a state that is not known. */
export function formatStatus(status: number): string {
  return WORDS.get(status) ?? "unknown";
}

/** The states that a word means; `undefined` for a word that is none. */
export function parseStatusWord(word: string): readonly number[] | undefined {
  const statuses = [...WORDS].filter(([, each]) => each === word).map(([status]) => status);
  return statuses.length === 0 ? undefined : statuses;
}

const WORDS: ReadonlyMap<number, string> = new Map([
  [VM_STATUS.UNASSIGNED, "unassigned"],
  [VM_STATUS.DOWN, "down"],
  [VM_STATUS.UP, "up"],
  [VM_STATUS.POWERING_UP, "powering_up"],
  [VM_STATUS.PAUSED, "paused"],
  [VM_STATUS.MIGRATING_FROM, "migrating"],
  [VM_STATUS.MIGRATING_TO, "migrating"],
  [VM_STATUS.UNKNOWN, "unknown"],
  [VM_STATUS.NOT_RESPONDING, "not_responding"],
  [VM_STATUS.WAIT_FOR_LAUNCH, "wait_for_launch"],
  [VM_STATUS.REBOOT_IN_PROGRESS, "reboot_in_progress"],
  [VM_STATUS.SAVING_STATE, "saving_state"],
  [VM_STATUS.RESTORING_STATE, "restoring_state"],
  [VM_STATUS.SUSPENDED, "suspended"],
  [VM_STATUS.IMAGE_ILLEGAL, "image_illegal"],
  [VM_STATUS.IMAGE_LOCKED, "image_locked"],
  [VM_STATUS.POWERING_DOWN, "powering_down"],
]);

/** All words. */
export const STATUS_WORDS: readonly string[] = [...new Set(WORDS.values())];
