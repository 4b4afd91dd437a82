import type { StoredVm } from "../../store/types.js";
import { VM_STATUS } from "../../model/vm-status.js";

/** What one successful pass over a host shows of a VM. */
export type Sighting =
  | { readonly kind: "reported"; readonly status: number; readonly exitReason: number | null }
  | { readonly kind: "rejected" }
  | { readonly kind: "absent" };

/** Who owns a VM and who might next. */
export type Ownership = Pick<StoredVm, "ownerId" | "incomingId" | "contenderId" | "missedPasses">;

/**
 * What a sighting means for the VM's data. `own`: the report is the VM's data. `ignore`: it is not.
 * `invalid`: the owner's report is unreadable. `missing`: the owner no longer runs it, for the first time.
 * `handed-over`: it goes to another host with all its data. `down`: it has ended.
 */
export type Verdict = "own" | "ignore" | "invalid" | "missing" | "handed-over" | "down";

/** The verdict and the ownership after it. */
export interface Decision {
  readonly verdict: Verdict;
  readonly ownership: Ownership;
}

/**
 * Decides what a host's sighting of a VM counts. During a migration two hosts report one VM, at times that do not
 * agree: one of them owns it at every instant, and only the owner's word, or a better claim, changes anything.
 */
export function decideOwnership(
  stored: (Ownership & Pick<StoredVm, "status">) | null,
  hostId: string,
  sighting: Sighting,
): Decision {
  if (stored === null || stored.ownerId === null) return ofUnowned(stored, hostId, sighting);
  if (stored.ownerId === hostId) return ofOwner(stored, hostId, sighting);
  return ofOther(stored, stored.ownerId, hostId, sighting);
}

function ofUnowned(
  stored: (Ownership & Pick<StoredVm, "status">) | null,
  hostId: string,
  sighting: Sighting,
): Decision {
  const known = stored === null ? NOBODY : ownershipOf(stored);
  if (sighting.kind !== "reported") {
    return { verdict: "ignore", ownership: sighting.kind === "absent" ? without(known, hostId) : known };
  }
  if (sighting.status !== VM_STATUS.DOWN) return owned(hostId, known);
  return stored?.status === VM_STATUS.DOWN ? { verdict: "ignore", ownership: without(known, hostId) } : DOWN;
}

function ofOwner(stored: Ownership, hostId: string, sighting: Sighting): Decision {
  if (sighting.kind === "rejected") {
    return { verdict: "invalid", ownership: { ...ownershipOf(stored), missedPasses: 0 } };
  }
  if (sighting.kind === "absent") return missed(stored, hostId);
  // A source says `Migration Source` before its destination exists: Up means that no migration is under way any more.
  if (sighting.status === VM_STATUS.UP) return owned(hostId, { ...stored, incomingId: null });
  if (sighting.status !== VM_STATUS.DOWN) return owned(hostId, stored);
  // Any other reason is the VM's own end, even while a destination stood ready: there is nothing left to receive.
  if (sighting.exitReason !== null && sighting.exitReason !== MIGRATED_AWAY) return DOWN;
  return handOver(stored, hostId) ?? (sighting.exitReason === null ? DOWN : missed(stored, hostId));
}

/** One absence may be a report made between two hosts; two in a row are an end, unless a destination stands ready. */
function missed(stored: Ownership, hostId: string): Decision {
  if (stored.missedPasses === 0) {
    return { verdict: "missing", ownership: { ...ownershipOf(stored), missedPasses: 1 } };
  }
  return handOver(stored, hostId) ?? DOWN;
}

/** To the migration's destination only: a contender may be long dead, and claims the VM by its own report if it is not. */
function handOver({ incomingId }: Ownership, hostId: string): Decision | null {
  return incomingId === null || incomingId === hostId
    ? null
    : { verdict: "handed-over", ownership: { ...NOBODY, ownerId: incomingId } };
}

function ofOther(
  stored: Ownership & Pick<StoredVm, "status">,
  ownerId: string,
  hostId: string,
  sighting: Sighting,
): Decision {
  const known = ownershipOf(stored);
  if (sighting.kind === "rejected") return { verdict: "ignore", ownership: known };
  if (sighting.kind === "absent") return { verdict: "ignore", ownership: without(known, hostId) };
  switch (sighting.status) {
    case VM_STATUS.UP:
      if (isDisputed(stored)) return { verdict: "ignore", ownership: known };
      return owned(hostId, { ...NOBODY, contenderId: stored.status === VM_STATUS.UP ? ownerId : null });
    case VM_STATUS.MIGRATING_TO: {
      const others = without(known, hostId);
      return { verdict: "ignore", ownership: { ...others, incomingId: others.incomingId ?? hostId } };
    }
    case VM_STATUS.DOWN:
    case VM_STATUS.WAIT_FOR_LAUNCH:
      return { verdict: "ignore", ownership: without(known, hostId) };
    default:
      if (isYielded(stored)) return owned(hostId, NOBODY);
      return {
        verdict: "ignore",
        ownership: { ...known, contenderId: exceptHost(known.contenderId, hostId) },
      };
  }
}

/**
 * Two hosts that both say Up (split brain) must not take the VM from each other at every pass, nor three in turn.
 * It ends when the loser says anything else, or when the owner is no longer Up or no longer reports the VM.
 */
function isDisputed({ status, contenderId, missedPasses }: Ownership & Pick<StoredVm, "status">): boolean {
  return contenderId !== null && status === VM_STATUS.UP && missedPasses === 0;
}

/** The owner does not yet, or no longer, run the guest: any host that does has the better claim. */
function isYielded({ status, missedPasses }: Ownership & Pick<StoredVm, "status">): boolean {
  return missedPasses > 0 || YIELDING.has(status);
}

function owned(hostId: string, { incomingId, contenderId }: Ownership): Decision {
  return {
    verdict: "own",
    ownership: {
      ownerId: hostId,
      incomingId: exceptHost(incomingId, hostId),
      contenderId: exceptHost(contenderId, hostId),
      missedPasses: 0,
    },
  };
}

function without(known: Ownership, hostId: string): Ownership {
  return {
    ...known,
    incomingId: exceptHost(known.incomingId, hostId),
    contenderId: exceptHost(known.contenderId, hostId),
  };
}

function ownershipOf({ ownerId, incomingId, contenderId, missedPasses }: Ownership): Ownership {
  return { ownerId, incomingId, contenderId, missedPasses };
}

function exceptHost(id: string | null, hostId: string): string | null {
  return id === hostId ? null : id;
}

const NOBODY: Ownership = { ownerId: null, incomingId: null, contenderId: null, missedPasses: 0 };
const DOWN: Decision = { verdict: "down", ownership: NOBODY };

/** VDSM's `exitReason` of a migration's source: the VM lives on elsewhere, so its record says nothing of its end. */
const MIGRATED_AWAY = 4;

/** Stored states in which an owner does not run the guest. */
const YIELDING: ReadonlySet<number> = new Set([
  VM_STATUS.MIGRATING_TO,
  VM_STATUS.DOWN,
  VM_STATUS.WAIT_FOR_LAUNCH,
]);
