import type { RejectedVm } from "../vdsm/records/types.js";

/** The problems of a host's reports, and which of them are new or have ended. */
export interface HostProblems {
  /** Messages, by VM. */
  readonly all: ReadonlyMap<string, string>;
  /** The problems that are new, or whose message changed. */
  readonly began: ReadonlyMap<string, string>;
  /** VMs that had a problem and have none any more. */
  readonly ended: readonly string[];
}

/** No VM's report is wrong. */
export const NO_PROBLEMS: ReadonlyMap<string, string> = new Map();

/** Replaces the problems of the VMs that a pass looked at by the problems that it found. */
export function mergeProblems(
  known: ReadonlyMap<string, string>,
  lookedAt: readonly string[],
  found: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  if (known.size === 0) return found;
  const merged = new Map(known);
  for (const vmId of lookedAt) merged.delete(vmId);
  for (const [vmId, problem] of found) merged.set(vmId, problem);
  return merged;
}

/** Adds the VMs whose vNICs cannot be read to the problems that a pass found. A problem of the guest's report comes first. */
export function addUnreadableNics(
  found: ReadonlyMap<string, string>,
  unreadable: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  if (unreadable.size === 0) return found;
  const all = new Map(found);
  for (const [vmId, reason] of unreadable) {
    const problem = `its vNICs cannot be read: ${reason}`;
    const before = found.get(vmId);
    all.set(vmId, before === undefined ? problem : `${before}; ${problem}`);
  }
  return all;
}

/** Finds which problems of a host are new and which have ended. */
export function compareProblems(
  before: ReadonlyMap<string, string>,
  all: ReadonlyMap<string, string>,
): HostProblems {
  if (before === all) return { all, began: NO_PROBLEMS, ended: [] };
  return {
    all,
    began: new Map([...all].filter(([vmId, problem]) => before.get(vmId) !== problem)),
    ended: [...before.keys()].filter((vmId) => !all.has(vmId)),
  };
}

/** Formats a host's problems in one line of bounded length; `null` if there are none. */
export function formatWarning(
  problems: ReadonlyMap<string, string>,
  rejected: readonly RejectedVm[],
  inventoryFailure: string | null = null,
): string | null {
  const count = problems.size + rejected.length + (inventoryFailure === null ? 0 : 1);
  if (count === 0) return null;
  const lines = [
    ...(inventoryFailure === null ? [] : [`vNICs stay as they were: ${inventoryFailure}`]),
    ...[...problems].slice(0, MAX_SHOWN).map(([vmId, problem]) => `VM ${vmId}: ${problem}`),
    ...rejected.slice(0, MAX_SHOWN).map(({ reason }) => `a record without a VM: ${reason}`),
  ].slice(0, MAX_SHOWN);
  const rest = count - lines.length;
  return rest > 0 ? `${lines.join("; ")}; and ${rest} more` : lines.join("; ");
}

const MAX_SHOWN = 3;
