import { readInOneState, queryRows, type Queryable } from "../../postgres/sql.js";
import { readStoredVmsIn } from "../../write/stored-vms.js";
import { FULL_ROW } from "../kinds.js";
import type { VmVersion } from "../versions/version-types.js";
import { restoreVersion, undoDelta, type VmDelta } from "../versions/vm-delta.js";
import { toVersion } from "../versions/vm-version.js";
import type { HistoryBounds, PastVm } from "./history-types.js";
import { BEHIND_ALL, readPastTimes } from "./past-times.js";

/**
 * Reads VMs as they were at a time.
 * 1. Find the first change after that time whose row holds the complete VM before it. Without one, take the VM as it is
 *    stored now.
 * 2. From there, undo the changes back to that time, the newest first.
 */
export function readVmVersions(database: Queryable, vmIds: readonly string[], at: Date): Promise<PastVm[]> {
  if (vmIds.length === 0) return Promise.resolve([]);
  return readInOneState(database, async (state) => {
    const positions = vmIds.map((vmId) => ({ vmId, at: at.toISOString(), seq: BEHIND_ALL }));
    const versions = (await readVersionsBehind(state, positions)).filter((version) => version !== null);
    const times = await readPastTimes(state, versions, at);
    return versions.map((version, index) => Object.assign({}, version, times[index]));
  });
}

/** A position among the changes of a VM. */
export interface VmPosition {
  readonly vmId: string;
  /** A time of PostgreSQL's precision, as text. */
  readonly at: string;
  readonly seq: string;
}

/**
 * Reads VMs as they were after the changes at these positions, in the order of the positions; `null`: it was not stored. One
 * VM may have several positions. Costs one statement, or five.
 */
export async function readVersionsBehind(
  database: Queryable,
  positions: readonly VmPosition[],
): Promise<readonly (VmVersion | null)[]> {
  const changes: LaterChange[][] = positions.map(() => []);
  for (const change of await readLaterChanges(database, positions)) changes[change.position]?.push(change);
  const unended = positions.flatMap(({ vmId }, at) => (changes[at]?.at(-1)?.isFull === true ? [] : [vmId]));
  const current = unended.length === 0 ? [] : await readStoredVmsIn(database, [], [...new Set(unended)]);
  const versions = new Map(current.map((vm) => [vm.id, toVersion(vm)]));
  return positions.map(({ vmId }, at) =>
    undoChanges(vmId, versions.get(vmId) ?? null, (changes[at] ?? []).toReversed()),
  );
}

/**
 * Reads the time from which on the log has every change, and the database's time. The log began then, or all older changes
 * were dropped.
 */
export async function readHistoryBounds(database: Queryable): Promise<HistoryBounds> {
  const [row] = await queryRows<HistoryBounds>(
    database,
    `SELECT kept_from AS "keptFrom", clock_timestamp() AS now FROM vnic_graph_change_log`,
  );
  if (row === undefined) throw new Error("vnic_graph_change_log has no row; it was emptied by hand");
  return row;
}

/** Returns the VM as it was before some changes. The newest of them must come first. */
export function undoChanges(
  vmId: string,
  after: VmVersion | null,
  changes: readonly { readonly delta: VmDelta }[],
): VmVersion | null {
  let version = after;
  for (const { delta } of changes) {
    if (delta.new !== undefined) version = null;
    else if (delta.full !== undefined) version = restoreVersion(vmId, delta.full);
    else if (version !== null) version = undoDelta(version, delta);
  }
  return version;
}

/** Reads the changes behind each position, oldest first, up to the first one whose row holds the complete VM before it. */
function readLaterChanges(database: Queryable, positions: readonly VmPosition[]): Promise<LaterChange[]> {
  return queryRows<LaterChange>(
    database,
    `SELECT g.number::int - 1 AS position, c.kinds & ${FULL_ROW} <> 0 AS "isFull", c.delta
     FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) WITH ORDINALITY AS g(id, at, seq, number)
     CROSS JOIN LATERAL (
       SELECT c.vm_id, c.kinds, c.delta, c.at, c.seq FROM vnic_graph_change c
       WHERE c.vm_id = g.id AND (c.at, c.seq) > (g.at, g.seq) AND c.at <= coalesce(
         (SELECT f.at FROM vnic_graph_change f WHERE f.vm_id = g.id AND (f.at, f.seq) > (g.at, g.seq) AND f.kinds & ${FULL_ROW} <> 0
          ORDER BY f.at LIMIT 1), 'infinity')
       ORDER BY c.at, c.seq) AS c
     ORDER BY g.number, c.at, c.seq`,
    [positions.map(({ vmId }) => vmId), positions.map(({ at }) => at), positions.map(({ seq }) => seq)],
  );
}

interface LaterChange {
  /** The index of the position behind which it is. */
  readonly position: number;
  readonly isFull: boolean;
  readonly delta: VmDelta;
}
