import type { DataSource, QueryRunner } from "typeorm";
import { executeReturning, execute } from "../postgres/sql.js";
import type { HostChanges, HostClaim, HostFailure, VisibleChange } from "../types.js";
import { sendRows, type SentColumns } from "./send-rows.js";

/** A pass that succeeded, and what is stored about it. */
export interface Success {
  readonly claim: HostClaim;
  readonly vmCount: number;
  readonly durationMs: number;
  /** What of the answer could not be read, in one line. */
  readonly warning?: string | null;
}

/** What one pass has to write. */
export interface PassWrite extends Success {
  readonly changes: HostChanges;
  readonly visibleChanges: readonly VisibleChange[];
}

/**
 * Notes the success of passes that found nothing new; returns the hosts of which it was noted. Hosts whose rows are locked are
 * left out, so that they hold up nobody else, as are void claims. The commit does not wait for the disk: what a crash of
 * PostgreSQL can take back is the last half second of time stamps, never a claim and never a VM's data.
 */
export async function noteSuccesses(
  dataSource: DataSource,
  passes: readonly Success[],
): Promise<ReadonlyMap<string, true>> {
  return noteWithoutDisk(dataSource, passes, " SKIP LOCKED");
}

/** Notes one success, and waits for the row's lock as long as the session may. `false` if the claim is void. */
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
 * Checks the fence within the transaction that writes what passes found, and notes their success; returns the hosts. Where
 * several passes share the transaction, hosts whose rows are locked are left out, and what follows waits for locks of
 * VMs only for a moment.
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

/** Whether rows that are locked are waited for, or left out. */
type Locking = "" | " SKIP LOCKED";

/**
 * How long a transaction of several passes waits for the lock of one VM. After that, each pass is written by itself.
 */
const BATCH_LOCK_TIMEOUT_MS = 250;

/** Names the transaction as a pass, which logs what it changes: no edit by somebody else is noted (migrations/…-edits.ts). */
const NAME_WRITER = "set_config('vnic_graph.writer', 'pass', true)";

const WAIT_BRIEFLY = `, set_config('lock_timeout', '${BATCH_LOCK_TIMEOUT_MS}ms', true)`;

/** Notes that a pass failed; touches no VM. `false` if the claim is void. */
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

/** Returns `true` if a pass has nothing to write but its success. */
export function hasNoChanges(changes: HostChanges): boolean {
  return Object.values(changes).every((list: readonly unknown[]) => list.length === 0);
}

/** Formats the statement that notes successes where the claim is valid. It ends in its condition. */
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
