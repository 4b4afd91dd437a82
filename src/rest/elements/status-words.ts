import { VM_STATUS } from "../../model/guest/vm-status.js";

/** Formats a VM's state as oVirt's REST word for it; `unknown` if it has none. */
export function formatStatus(status: number): string {
  return WORDS.get(status) ?? "unknown";
}

/**
 * Parses the name of a state in a search, in REST's spelling or the engine's own. Returns the states; `null` if the
 * name is unknown.
 */
export function parseStatusName(name: string): readonly number[] | null {
  const wanted = fold(name);
  const statuses = [...WORDS].filter(([, word]) => fold(word) === wanted).map(([status]) => status);
  const own = ENGINE_NAMES.get(wanted);
  if (statuses.length === 0 && own === undefined) return null;
  return own === undefined ? statuses : [own];
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[_ ]/g, "");
}

/** An engine's searches have one name each for two states that share a word in REST. */
const ENGINE_NAMES: ReadonlyMap<string, number> = new Map([
  ["migratingfrom", VM_STATUS.MIGRATING_FROM],
  ["migratingto", VM_STATUS.MIGRATING_TO],
]);

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

/** All words for states of VMs. */
export const STATUS_WORDS: readonly string[] = [...new Set(WORDS.values())];

/** Formats a host's VDSStatus number as oVirt's REST word for it. */
export function formatHostStatus(status: number): string {
  return HOST_WORDS[status] ?? "unassigned";
}

/** Parses the name of a host's state in a search, in REST's spelling or the engine's own; `null` if it is unknown. */
export function parseHostStatusName(name: string): number | null {
  const status = HOST_WORDS.findIndex((word) => fold(word) === fold(name));
  return status === -1 ? null : status;
}

/** The words for states of hosts, by number from 0. */
const HOST_WORDS = [
  "unassigned",
  "down",
  "maintenance",
  "up",
  "non_responsive",
  "error",
  "installing",
  "install_failed",
  "reboot",
  "preparing_for_maintenance",
  "non_operational",
  "pending_approval",
  "initializing",
  "connecting",
  "installing_os",
  "kdumping",
];
