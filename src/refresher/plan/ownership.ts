import type { StoredVm } from "../../store/types.js";
import { isWithoutGuest, VM_STATUS } from "../../model/guest/vm-status.js";
import { SAYS_UP } from "./status.js";

/** How a successful pass over a host found a VM. */
export type Sighting =
  | {
      readonly kind: "reported";
      readonly status: number;
      readonly exitReason: number | null;
      /** `true`: the guest already runs at the destination of its migration. */
      readonly isPostCopySource?: boolean;
    }
  | { readonly kind: "rejected" }
  | { readonly kind: "absent" };

/** The hosts that own a VM, or might own it next. */
export type Ownership = Pick<StoredVm, "ownerId" | "incomingId" | "contenderId" | "missedPasses">;

/**
 * The meaning of a sighting for the VM's data.
 * - `own`: the report is the VM's data.
 * - `ignore`: the report does not count.
 * - `invalid`: the owner's report cannot be read.
 * - `missing`: the owner does not report the VM any more, for the first time.
 * - `handed-over`: the VM goes to another host with all its data.
 * - `down`: the VM has ended.
 */
export type Verdict = "own" | "ignore" | "invalid" | "missing" | "handed-over" | "down";

/** The verdict and the ownership after it. */
export interface Decision {
  readonly verdict: Verdict;
  readonly ownership: Ownership;
}

/**
 * Decides who owns a VM after a host's sighting of it, and what the sighting means for its data. During a migration two hosts
 * report one VM, at different times. At any time at most one of them owns it. Only a report of the owner changes the VM, or one
 * by which another host becomes the owner.
 *
 * The incoming host reports the VM as `Migration Destination`. A contender is a host that lost the VM to the owner while it
 * still said Up.
 *
 *  | owner before | this host reports         | verdict     | owner after                                        |
 *  |--------------|---------------------------|-------------|----------------------------------------------------|
 *  | nobody       | any state but Down        | own         | this host                                          |
 *  | nobody       | Down                      | down        | nobody; `ignore` if it is stored as Down already   |
 *  | nobody       | unreadable, absent        | ignore      | nobody                                             |
 *  | this host    | Up                        | own         | this host; no incoming host any more             |
 *  | this host    | post-copy source          | handed-over | the incoming host; without one `own`, this host    |
 *  | this host    | another state but Down    | own         | this host                                          |
 *  | this host    | unreadable                | invalid     | this host                                          |
 *  | this host    | absent, first time        | missing     | this host                                          |
 *  | this host    | absent, second time       | handed-over | the incoming host; without one `down`, nobody      |
 *  | this host    | Down, migrated away       | handed-over | the incoming host; without one as if absent        |
 *  | this host    | Down, no reason given     | handed-over | the incoming host; without one `down`, nobody      |
 *  | this host    | Down, any other reason    | down        | nobody                                             |
 *  | another      | Up                        | own         | this host; `ignore` if both go on saying Up        |
 *  | another      | Migration Destination     | ignore      | unchanged; this host is the incoming host, if none |
 *  | another      | post-copy source          | ignore      | unchanged                                          |
 *  | another      | Down, WaitForLaunch       | ignore      | unchanged; this host loses its role                |
 *  | another      | another state             | ignore      | unchanged; `own` if the owner does not run the VM  |
 *  | another      | unreadable                | ignore      | unchanged                                          |
 *  | another      | absent                    | ignore      | unchanged; this host loses its role                |
 */
export function decideOwnership(
  stored: (Ownership & Pick<StoredVm, "status">) | null,
  hostId: string,
  sighting: Sighting,
): Decision {
  if (stored === null || stored.ownerId === null) return decideUnowned(stored, hostId, sighting);
  if (stored.ownerId === hostId) return decideByOwner(stored, hostId, sighting);
  return decideByOther(stored, stored.ownerId, hostId, sighting);
}

function decideUnowned(
  stored: (Ownership & Pick<StoredVm, "status">) | null,
  hostId: string,
  sighting: Sighting,
): Decision {
  const known = stored === null ? NO_ROLES : pickOwnership(stored);
  if (sighting.kind !== "reported") {
    return { verdict: "ignore", ownership: sighting.kind === "absent" ? dropHost(known, hostId) : known };
  }
  if (sighting.status !== VM_STATUS.DOWN) return grantTo(hostId, known);
  return stored !== null && isWithoutGuest(stored.status)
    ? { verdict: "ignore", ownership: dropHost(known, hostId) }
    : DOWN;
}

function decideByOwner(stored: Ownership, hostId: string, sighting: Sighting): Decision {
  if (sighting.kind === "rejected") {
    return { verdict: "invalid", ownership: { ...pickOwnership(stored), missedPasses: 0 } };
  }
  if (sighting.kind === "absent") return countMiss(stored, hostId);
  // Up means that no migration is running any more: a source says `Migration Source` before its destination exists.
  if (sighting.status === VM_STATUS.UP) return grantTo(hostId, { ...stored, incomingId: null });
  if (sighting.isPostCopySource === true) return handOver(stored, hostId) ?? grantTo(hostId, stored);
  if (sighting.status !== VM_STATUS.DOWN) return grantTo(hostId, stored);
  // For any other reason the VM has ended, even if a destination was ready, which then receives nothing.
  if (sighting.exitReason !== null && sighting.exitReason !== MIGRATED_AWAY) return DOWN;
  return handOver(stored, hostId) ?? (sighting.exitReason === null ? DOWN : countMiss(stored, hostId));
}

/**
 * Counts a pass without the VM. The first one may fall between the reports of two hosts. The second one ends the VM, unless
 * there is an incoming host.
 */
function countMiss(stored: Ownership, hostId: string): Decision {
  if (stored.missedPasses === 0) {
    return { verdict: "missing", ownership: { ...pickOwnership(stored), missedPasses: 1 } };
  }
  return handOver(stored, hostId) ?? DOWN;
}

/**
 * Gives the VM to its incoming host; `null` if there is none. Never gives it to a contender, which may have stopped running
 * it long ago. If it runs it, its own report claims the VM.
 */
function handOver({ incomingId }: Ownership, hostId: string): Decision | null {
  return incomingId === null || incomingId === hostId
    ? null
    : { verdict: "handed-over", ownership: { ...NO_ROLES, ownerId: incomingId } };
}

function decideByOther(
  stored: Ownership & Pick<StoredVm, "status">,
  ownerId: string,
  hostId: string,
  sighting: Sighting,
): Decision {
  const known = pickOwnership(stored);
  if (sighting.kind === "rejected") return { verdict: "ignore", ownership: known };
  if (sighting.kind === "absent") return { verdict: "ignore", ownership: dropHost(known, hostId) };
  if (sighting.isPostCopySource === true) return { verdict: "ignore", ownership: known };
  switch (sighting.status) {
    case VM_STATUS.UP:
      if (isDisputed(stored)) return { verdict: "ignore", ownership: known };
      return grantTo(hostId, { ...NO_ROLES, contenderId: SAYS_UP.has(stored.status) ? ownerId : null });
    case VM_STATUS.MIGRATING_TO: {
      const others = dropHost(known, hostId);
      return { verdict: "ignore", ownership: { ...others, incomingId: others.incomingId ?? hostId } };
    }
    case VM_STATUS.DOWN:
    case VM_STATUS.WAIT_FOR_LAUNCH:
      return { verdict: "ignore", ownership: dropHost(known, hostId) };
    default:
      if (isYielded(stored)) return grantTo(hostId, NO_ROLES);
      return {
        verdict: "ignore",
        ownership: { ...known, contenderId: excludeHost(known.contenderId, hostId) },
      };
  }
}

/**
 * Returns `true` while two hosts both say Up (split brain). They must not take the VM from each other at every pass, and
 * three hosts must not take turns. It ends when the contender reports another state, or when the owner is not Up or does
 * not report the VM any more.
 */
function isDisputed({ status, contenderId, missedPasses }: Ownership & Pick<StoredVm, "status">): boolean {
  return contenderId !== null && SAYS_UP.has(status) && missedPasses === 0;
}

/** Returns `true` if the owner does not run the guest yet, or not any more. Then any host that runs it may take the VM. */
function isYielded({ status, missedPasses }: Ownership & Pick<StoredVm, "status">): boolean {
  return missedPasses > 0 || YIELDING.has(status);
}

function grantTo(hostId: string, { incomingId, contenderId }: Ownership): Decision {
  return {
    verdict: "own",
    ownership: {
      ownerId: hostId,
      incomingId: excludeHost(incomingId, hostId),
      contenderId: excludeHost(contenderId, hostId),
      missedPasses: 0,
    },
  };
}

function dropHost(known: Ownership, hostId: string): Ownership {
  return {
    ...known,
    incomingId: excludeHost(known.incomingId, hostId),
    contenderId: excludeHost(known.contenderId, hostId),
  };
}

function pickOwnership({ ownerId, incomingId, contenderId, missedPasses }: Ownership): Ownership {
  return { ownerId, incomingId, contenderId, missedPasses };
}

function excludeHost(id: string | null, hostId: string): string | null {
  return id === hostId ? null : id;
}

const NO_ROLES: Ownership = { ownerId: null, incomingId: null, contenderId: null, missedPasses: 0 };
const DOWN: Decision = { verdict: "down", ownership: NO_ROLES };

/** VDSM's `exitReason` of a migration's source. The VM runs on elsewhere, so its record does not mean that it ended. */
const MIGRATED_AWAY = 4;

/** Stored states in which the owner does not run the guest. */
const YIELDING: ReadonlySet<number> = new Set([
  VM_STATUS.MIGRATING_TO,
  VM_STATUS.DOWN,
  VM_STATUS.SUSPENDED,
  VM_STATUS.WAIT_FOR_LAUNCH,
]);
