import type { DataSource, QueryRunner } from "typeorm";
import { executeReturning, execute } from "../postgres/sql.js";
import type { HostChanges, HostClaim, HostFailure, VisibleChange } from "../types.js";
import { sendRows, type SentColumns } from "./send-rows.js";

/** The success of a pass, as it is stored. */
export interface Success {
  readonly claim: HostClaim;
  readonly vmCount: number;
  readonly durationMs: number;
  /** Says in one line what of the answer could not be read. */
  readonly warning?: string | null;
}

/** All that one pass writes. */
export interface PassWrite extends Success {
  readonly changes: HostChanges;
  readonly visibleChanges: readonly VisibleChange[];
}

/**
 * Notes the success of passes that found nothing new. Returns the hosts of which it was noted. Leaves out hosts whose rows
 * are locked, so that no other host waits for them, and invalid claims.
 *
 * The commit does not wait for the disk. A crash of PostgreSQL can lose the time stamps of the last half second, but never
 * a claim or a VM's data.
 */
export async function noteSuccesses(
  dataSource: DataSource,
  passes: readonly Success[],
): Promise<ReadonlyMap<string, true>> {
  return noteWithoutDisk(dataSource, passes, " SKIP LOCKED");
}

/** Notes one success, and waits for the row's lock. Returns `false` if the claim is invalid. */
export async function noteSuccess(dataSource: DataSource, pass: Success): Promise<boolean> {
  return (await noteWithoutDisk(dataSource, [pass], "")).size === 1;
}

async function noteWithoutDisk(
  dataSource: DataSource,
  passes: readonly Success[],
  locking: Locking,
): Promise<ReadonlyMap<string, true>> {
  const { source, parameters } = sendRows(passes, SUCCESS_COLUMNS);
  const rows = await executeReturning<{ host_id: string }>(
    dataSource,
    `${formatNoteSuccess(source, locking)} AND set_config('synchronous_commit', 'off', true) = 'off' RETURNING h.host_id`,
    parameters,
  );
  return new Map(rows.map(({ host_id: hostId }) => [hostId, true]));
}

/**
 * Checks the fence in the transaction that writes passes, and notes the successes of valid claims. Returns their hosts. If
 * several passes share the transaction, hosts whose rows are locked are left out, and later statements wait only briefly
 * for locks of VMs.
 */
export async function noteValidSuccesses(
  queryRunner: QueryRunner,
  passes: readonly Success[],
): Promise<ReadonlySet<string>> {
  const { source, parameters } = sendRows(passes, SUCCESS_COLUMNS);
  const isShared = passes.length > 1;
  const { records } = await queryRunner.query(
    `${formatNoteSuccess(source, isShared ? " SKIP LOCKED" : "")} RETURNING h.host_id, ${NAME_WRITER}${isShared ? WAIT_BRIEFLY : ""}`,
    parameters,
    true,
  );
  return new Set((records as { host_id: string }[]).map(({ host_id: hostId }) => hostId));
}

/** Whether the statement waits for locked rows, or leaves them out. */
type Locking = "" | " SKIP LOCKED";

/** How long a transaction of several passes waits for the lock of one VM. After that each pass is written alone. */
const BATCH_LOCK_TIMEOUT_MS = 250;

/**
 * Marks the transaction as a pass, which writes its changes to the log. Otherwise a trigger notes an edit by somebody else
 * (migrations/…-edits.ts).
 */
const NAME_WRITER = "set_config('vnic_graph.writer', 'pass', true)";

const WAIT_BRIEFLY = `, set_config('lock_timeout', '${BATCH_LOCK_TIMEOUT_MS}ms', true)`;

/** Notes that a pass failed; changes no VM. Returns `false` if the claim is invalid. */
export async function failPass(
  dataSource: DataSource,
  { hostId, epoch }: HostClaim,
  { kind, message }: HostFailure,
  durationMs: number,
): Promise<boolean> {
  const noted = await execute(
    dataSource,
    `UPDATE vnic_graph_host SET last_error_kind = $3, last_error = $4, failing_since = coalesce(failing_since, now()), last_duration_ms = $5,
       claimed_until = NULL, waiting_since = NULL
     WHERE host_id = $1 AND epoch = $2`,
    [hostId, epoch.toString(), kind, message, Math.round(durationMs)],
  );
  return noted === 1;
}

/** Counts the rows that a pass changes, besides the note of its success. */
export function countRows(changes: HostChanges): number {
  return Object.values<readonly unknown[]>({ ...changes }).reduce((sum, list) => sum + list.length, 0);
}

/** Formats the statement that notes successes whose claim is valid. A caller may add conditions at its end. */
function formatNoteSuccess(source: string, locking: Locking): string {
  return `WITH mine AS (SELECT h.host_id, g.epoch, g.vms, g.ms, g.warning FROM vnic_graph_host h JOIN ${source} ON h.host_id = g.id
  ORDER BY h.host_id FOR NO KEY UPDATE OF h${locking})
UPDATE vnic_graph_host h SET previous_success_at = h.last_success_at, last_success_at = now(),
  last_error_kind = NULL, last_error = NULL, failing_since = NULL, last_warning = mine.warning, vm_count = mine.vms, last_duration_ms = mine.ms,
  claimed_until = NULL, wanted_by = NULL, wanted_until = NULL, waiting_since = NULL FROM mine
WHERE h.host_id = mine.host_id AND h.epoch = mine.epoch`;
}

const SUCCESS_COLUMNS: SentColumns<Success> = {
  id: ["uuid", ({ claim }) => claim.hostId],
  epoch: ["bigint", ({ claim }) => claim.epoch.toString()],
  vms: ["int", ({ vmCount }) => vmCount],
  ms: ["int", ({ durationMs }) => Math.round(durationMs)],
  warning: ["text", ({ warning }) => warning ?? null],
};
