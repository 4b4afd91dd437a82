/** oVirt's VMStatus numbers. */
export const VM_STATUS = {
  UNASSIGNED: -1,
  DOWN: 0,
  UP: 1,
  POWERING_UP: 2,
  PAUSED: 4,
  MIGRATING_FROM: 5,
  MIGRATING_TO: 6,
  UNKNOWN: 7,
  NOT_RESPONDING: 8,
  WAIT_FOR_LAUNCH: 9,
  REBOOT_IN_PROGRESS: 10,
  SAVING_STATE: 11,
  RESTORING_STATE: 12,
  SUSPENDED: 13,
  IMAGE_ILLEGAL: 14,
  IMAGE_LOCKED: 15,
  POWERING_DOWN: 16,
} as const;

/**
 * The states in which a VM does not run, so that it has no guest. Then it has no addresses and interfaces, and that is
 * current. This is the only rule for VMs that are down, whatever the source and the reader.
 */
export const STATUSES_WITHOUT_GUEST: readonly number[] = [
  VM_STATUS.DOWN,
  VM_STATUS.SUSPENDED,
  VM_STATUS.IMAGE_ILLEGAL,
  VM_STATUS.IMAGE_LOCKED,
];

/** Returns `true` if a VM in this state has no guest. */
export function isWithoutGuest(status: number): boolean {
  return STATUSES_WITHOUT_GUEST.includes(status);
}
