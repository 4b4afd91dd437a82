import type { DataSource } from "typeorm";
import type { LoggedChange } from "../log-reader.js";
import { createSnapshot } from "../../read/snapshot.js";
import { readVersionsBehind, undoChanges, type VmPosition } from "../past/past-versions.js";
import type { ChangeSides } from "./interest.js";

/** A change of the log, with the complete VM before and after it. */
export interface ResolvedChange extends ChangeSides {
  readonly change: LoggedChange;
}

/**
 * Finds the complete VM before and after each change. The changes must be in the order of the log.
 * 1. Read each VM as it was after the last of its changes.
 * 2. Undo its changes one by one, the last one first.
 *
 * Costs one statement, or five, however many changes there are.
 */
export async function resolveChanges(
  dataSource: DataSource,
  changes: readonly LoggedChange[],
): Promise<ResolvedChange[]> {
  if (changes.length === 0) return [];
  const last = new Map(changes.map((change) => [change.vmId, change]));
  const positions = [...last.values()].map(({ vmId, exactAt, seq }) => ({
    vmId,
    at: exactAt,
    seq: seq.toString(),
  }));
  const read = await readVersions(dataSource, positions);
  const versions = new Map(positions.map(({ vmId }, at) => [vmId, read[at] ?? null]));
  const resolved: ResolvedChange[] = [];
  for (const change of changes.toReversed()) {
    const after = versions.get(change.vmId) ?? null;
    const before = undoChanges(change.vmId, after, [change]);
    versions.set(change.vmId, before);
    // A row without a kind says that a past was erased, which is not shown to anybody.
    if (change.kinds !== 0) resolved.push({ change, before, after });
  }
  return resolved.reverse();
}

/**
 * Reads the VMs in one state of the database. Does not wait until the connection is given back, because subscribers wait
 * for the result.
 */
async function readVersions(
  dataSource: DataSource,
  positions: readonly VmPosition[],
): ReturnType<typeof readVersionsBehind> {
  const state = createSnapshot(dataSource);
  try {
    return await readVersionsBehind(state, positions);
  } finally {
    void state.close();
  }
}
