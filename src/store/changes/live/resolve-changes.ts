import type { DataSource } from "typeorm";
import type { LoggedChange } from "../log-reader.js";
import { createSnapshot } from "../../read/snapshot.js";
import { readVersionsBehind, undoChanges, type VmPlace } from "../past/past-versions.js";
import type { ChangeSides } from "./interest.js";

/** A change of the log with all of its VM before and after it. */
export interface ResolvedChange extends ChangeSides {
  readonly change: LoggedChange;
}

/**
 * Finds all of each VM before and after each of some changes, which are in the order of the log. A VM is read as it was
 * behind the last of its changes, and then taken back one by one. Costs one statement, or five, however many changes.
 */
export async function resolveChanges(
  dataSource: DataSource,
  changes: readonly LoggedChange[],
): Promise<ResolvedChange[]> {
  if (changes.length === 0) return [];
  const last = new Map(changes.map((change) => [change.vmId, change]));
  const places = [...last.values()].map(({ vmId, placeAt, seq }) => ({
    vmId,
    at: placeAt,
    seq: seq.toString(),
  }));
  const versions = new Map(await readVersions(dataSource, places));
  const resolved: ResolvedChange[] = [];
  for (const change of changes.toReversed()) {
    const after = versions.get(change.vmId) ?? null;
    const before = undoChanges(change.vmId, after, [change]);
    versions.set(change.vmId, before);
    // A row of no kind says that a past was erased, which nobody sees.
    if (change.kinds !== 0) resolved.push({ change, before, after });
  }
  return resolved.reverse();
}

/** Reads the VMs in one state. Nobody waits for the beginning of its transaction: subscribers wait for what is read. */
async function readVersions(
  dataSource: DataSource,
  places: readonly VmPlace[],
): ReturnType<typeof readVersionsBehind> {
  const state = createSnapshot(dataSource);
  try {
    return await readVersionsBehind(state, places);
  } finally {
    void state.close();
  }
}
