import { formatExactTime, roundUpTime } from "../../postgres/exact-time.js";
import { groupByVm, queryRows, type Queryable } from "../../postgres/sql.js";
import { ALL_KINDS, CHANGE_KIND } from "../kinds.js";
import type { GuestSilence } from "../../vm-types.js";
import type { VmVersion } from "../versions/version-types.js";
import type { Pair } from "../versions/vm-delta.js";
import { isHeard, isStale } from "../versions/vm-version.js";
import type { PastVm } from "./history-types.js";

/** The times that the log has of a VM, as of some time. */
export type PastTimes = Pick<PastVm, "lastChangedAt" | "lastReportedAt" | "staleSince">;

/**
 * Reads these times of VMs, in their order, as of a time at which each was such a version.
 * 1. The VM's last change up to that time has the first two. A VM without any change has those that are stored now.
 * 2. Of a VM that was stale then, the log is read backwards from that time, up to the change that made it stale. If the log does not
 *    have that change any more, and the VM has been stale ever since, the time that is stored now is it.
 */
export async function readPastTimes(
  database: Queryable,
  versions: readonly VmVersion[],
  at: Date,
): Promise<readonly PastTimes[]> {
  if (versions.length === 0) return [];
  const rows = await readKnownTimes(
    database,
    versions.map(({ id }) => id),
    at,
  );
  const since = await readStaleSince(database, versions.filter(isStale), at);
  return versions.map((version, place) => {
    const row = rows[place];
    return {
      lastChangedAt: row?.lastChangedAt ?? null,
      lastReportedAt: isHeard(version) ? null : (row?.lastReportedAt ?? null),
      staleSince: isStale(version) ? (since.get(version.id) ?? row?.staleSince ?? null) : null,
    };
  });
}

/** Reads what the last change of each VM tells, and since when it is stale, if it became so before that time and still is. */
function readKnownTimes(database: Queryable, vmIds: readonly string[], at: Date): Promise<PastTimes[]> {
  const isAsNow =
    "NOT EXISTS (SELECT FROM vnic_graph_change c WHERE c.vm_id = g.id AND c.at > $2::timestamptz)";
  const changedAt = `CASE WHEN last.kinds & ${ALL_KINDS} <> 0 THEN last.at WHEN ${isAsNow} THEN r.changed_at END`;
  return queryRows<PastTimes>(
    database,
    `SELECT ${roundUpTime(changedAt)} AS "lastChangedAt",
       CASE WHEN last.kinds IS NOT NULL THEN last.last_reported_at WHEN ${isAsNow} THEN r.last_reported_at END AS "lastReportedAt",
       CASE WHEN r.stale_since <= $2::timestamptz THEN ${roundUpTime("r.stale_since")} END AS "staleSince"
     FROM unnest($1::uuid[]) WITH ORDINALITY AS g(id, number)
     LEFT JOIN vnic_graph_vm r ON r.vm_id = g.id
     LEFT JOIN LATERAL (SELECT c.kinds, c.at, c.last_reported_at FROM vnic_graph_change c
       WHERE c.vm_id = g.id AND c.at <= $2::timestamptz ORDER BY c.at DESC, c.seq DESC LIMIT 1) AS last ON true
     ORDER BY g.number`,
    [vmIds, at.toISOString()],
  );
}

/** Reads when each of the VMs, all of which were stale at a time, had become so. Those of which the log does not tell it are absent. */
async function readStaleSince(
  database: Queryable,
  versions: readonly VmVersion[],
  at: Date,
): Promise<ReadonlyMap<string, Date>> {
  const found = new Map<string, Date>();
  let open = versions.map((version): StaleVm => ({ state: version, at: at.toISOString(), seq: BEHIND_ALL }));
  while (open.length > 0) {
    const changes = groupByVm(await readChangesBackwards(database, open));
    open = open.flatMap(({ state }): StaleVm[] => {
      const own = changes.get(state.id) ?? [];
      for (const change of own) {
        const before = undoChange(state, change);
        if (before === null || !isStale(before)) {
          found.set(state.id, change.roundedAt);
          return [];
        }
        state = before;
      }
      const last = own.at(-1);
      return last === undefined || own.length < CHANGES_A_READ ? [] : [{ ...last, state }];
    });
  }
  return found;
}

/** What makes a VM stale or not, as it was behind a change. */
type StaleState = Pick<VmVersion, "id" | "hostId" | "silence" | "isMissing">;

interface StaleVm {
  readonly state: StaleState;
  readonly at: string;
  readonly seq: string;
}

/** A change of what makes a VM stale. Each pair has the value before and after; `null`: it stays. */
interface StaleChange {
  readonly vmId: string;
  readonly at: string;
  readonly roundedAt: Date;
  readonly seq: string;
  readonly isNew: boolean;
  readonly host: Pair<string | null> | null;
  readonly silence: Pair<GuestSilence | null> | null;
  readonly missing: Pair<boolean> | null;
}

/** Returns what it was before the change; `null`: the VM was not stored. */
function undoChange(after: StaleState, { isNew, host, silence, missing }: StaleChange): StaleState | null {
  if (isNew) return null;
  return {
    id: after.id,
    hostId: host === null ? after.hostId : host[0],
    silence: silence === null ? after.silence : silence[0],
    isMissing: missing === null ? after.isMissing : missing[0],
  };
}

function readChangesBackwards(database: Queryable, vms: readonly StaleVm[]): Promise<StaleChange[]> {
  return queryRows<StaleChange>(
    database,
    `SELECT g.id AS "vmId", ${formatExactTime("c.at")} AS at, ${roundUpTime("c.at")} AS "roundedAt", c.seq,
       c.delta->'new' IS NOT NULL AS "isNew", c.delta->'host' AS host, c.delta->'sil' AS silence, c.delta->'miss' AS missing
     FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) AS g(id, at, seq)
     CROSS JOIN LATERAL (SELECT c.at, c.seq, c.delta FROM vnic_graph_change c
       WHERE c.vm_id = g.id AND (c.at, c.seq) < (g.at, g.seq) AND c.at <= g.at AND c.kinds & ${STALENESS} <> 0 AND (${CHANGES_STALENESS})
       ORDER BY c.at DESC, c.seq DESC LIMIT ${CHANGES_A_READ}) AS c
     ORDER BY g.id, c.at DESC, c.seq DESC`,
    [vms.map(({ state }) => state.id), vms.map(({ at }) => at), vms.map(({ seq }) => seq)],
  );
}

const STALENESS = CHANGE_KIND.NEW | CHANGE_KIND.HOST | CHANGE_KIND.STALENESS;

/** A report that cannot be read may say so in other words with each pass. */
const CHANGES_STALENESS = ["new", "host", "sil", "miss"]
  .map((key) => `c.delta->'${key}' IS NOT NULL`)
  .join(" OR ");

/** The changes of a VM that one statement reads. One or two are usual: data become stale, and the VM ends. */
const CHANGES_A_READ = 16;

/** The largest `seq`: a position behind all changes of the same time. */
export const BEHIND_ALL = "9223372036854775807";
