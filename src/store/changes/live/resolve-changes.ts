import type { DataSource } from "typeorm";
import { readInOneState } from "../../postgres/sql.js";
import type { LoggedChange } from "../log-reader.js";
import { readVersionsBehind, undoChanges } from "../past/past-versions.js";
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
  const versions = new Map(await readInOneState(dataSource, (state) => readVersionsBehind(state, places)));
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
