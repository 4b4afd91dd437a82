import { formatExactTime, roundUpToMs } from "../../postgres/exact-time.js";
import { SqlParameters, readInOneState, queryRows, type Queryable } from "../../postgres/sql.js";
import { ALL_KINDS } from "../kinds.js";
import type { VmDelta } from "../versions/vm-delta.js";
import type { VmChange, VmChangesQuestion } from "./history-types.js";
import type { SeenInterval } from "./seen-intervals.js";
import { readVersionsBehind, undoChanges } from "./past-versions.js";

/**
 * Reads the changes of VMs, the newest first, with the complete VM before and after each.
 * 1. Read the changes; with `seen`, only those inside of these times.
 * 2. Read each VM as it was after the newest of its changes; with `seen`, after the newest one in each of these times, since
 *    the changes in between are not read.
 * 3. Undo its changes one by one.
 */
export function readVmChanges(
  database: Queryable,
  vmIds: readonly string[],
  question: VmChangesQuestion,
  seen: readonly SeenInterval[] | null,
): Promise<VmChange[]> {
  if (vmIds.length === 0) return Promise.resolve([]);
  return readInOneState(database, async (state) => {
    const runs = listRuns(await readRows(state, vmIds, question, seen));
    if (runs.length === 0) return [];
    const versions = await readVersionsBehind(
      state,
      runs.map(({ newest }) => newest),
    );
    return runs.flatMap(({ rows }, at) => {
      let after = versions[at] ?? null;
      return rows.map((row): VmChange => {
        const before = undoChanges(row.vmId, after, [row]);
        const change = {
          vmId: row.vmId,
          at: new Date(roundUpToMs(row.at)),
          position: { at: row.at, seq: row.seq },
          hostId: row.hostId ?? after?.hostId ?? null,
          before,
          after,
        };
        after = before;
        return change;
      });
    });
  });
}

/** Changes of one VM without any other in between, the newest first. */
interface Run {
  readonly newest: ChangeRow;
  readonly rows: ChangeRow[];
}

function listRuns(rows: readonly ChangeRow[]): Run[] {
  const runs: Run[] = [];
  for (const row of rows) {
    const run = runs.at(-1);
    if (run?.newest.vmId === row.vmId && run.newest.interval === row.interval) run.rows.push(row);
    else runs.push({ newest: row, rows: [row] });
  }
  return runs;
}

interface ChangeRow {
  readonly vmId: string;
  /** The number of the time in which the VM was seen; the same where all changes are. */
  readonly interval: string;
  readonly at: string;
  readonly seq: string;
  readonly hostId: string | null;
  readonly delta: VmDelta;
}

function readRows(
  database: Queryable,
  vmIds: readonly string[],
  { from, to, after, limit }: VmChangesQuestion,
  seen: readonly SeenInterval[] | null,
): Promise<ChangeRow[]> {
  const parameters = new SqlParameters();
  const formatTime = (date: Date | null, otherwise: string) =>
    `${parameters.add(date?.toISOString() ?? otherwise)}::timestamptz - interval '1 millisecond'`;
  return queryRows<ChangeRow>(
    database,
    `SELECT c.vm_id AS "vmId", ${formatExactTime("c.at")} AS at, c.seq,
       c.host_id AS "hostId", c.delta, c.interval
     FROM unnest(${parameters.add(vmIds)}::uuid[]) AS g(id)
     CROSS JOIN LATERAL (
       SELECT c.vm_id, c.at, c.seq, c.host_id, c.delta, s.number AS interval FROM vnic_graph_change c
       CROSS JOIN ${formatSeen(seen, parameters)}
       WHERE c.vm_id = g.id AND c.kinds & ${ALL_KINDS} <> 0 AND c.at > ${formatTime(from, "-infinity")} AND c.at <= ${formatTime(to, "infinity")}
         AND (c.at, c.seq) < (${parameters.add(after?.at ?? "infinity")}::timestamptz, ${parameters.add(after?.seq ?? "0")}::bigint)
         AND ${seen === null ? "true" : IS_SEEN}
       ORDER BY c.at DESC, c.seq DESC LIMIT ${parameters.add(limit)}) AS c
     ORDER BY c.vm_id, c.at DESC, c.seq DESC`,
    parameters.values,
  );
}

/** Formats the times in which VMs were seen as a relation `s`, with a number for each. They do not overlap. */
function formatSeen(seen: readonly SeenInterval[] | null, parameters: SqlParameters): string {
  if (seen === null) return "(SELECT 0::bigint AS number) AS s";
  const list = (field: keyof SeenInterval, type: string) =>
    `${parameters.add(seen.map((each) => each[field]))}::${type}[]`;
  return `unnest(${list("vmId", "uuid")}, ${list("fromAt", "timestamptz")}, ${list("fromSeq", "bigint")},
    ${list("toAt", "timestamptz")}, ${list("toSeq", "bigint")}) WITH ORDINALITY AS s(id, from_at, from_seq, to_at, to_seq, number)`;
}

const IS_SEEN =
  "s.id = c.vm_id AND (c.at, c.seq) > (s.from_at, s.from_seq) AND (c.at, c.seq) < (s.to_at, s.to_seq)";
