import type { DataSource, QueryRunner } from "typeorm";
import { findSqlState, isReadOnly } from "../../postgres/errors.js";
import { runInTransaction, queryRows } from "../../postgres/sql.js";
import { formatCursor, hasRead, parseCursor, type LogCursor } from "../cursor.js";
import { findEndOfLog } from "../end-of-log.js";
import { LostCursorError } from "../log-errors.js";
import { LogReader } from "../log-reader.js";
import { readAddressChanges } from "./changes-backwards.js";
import { followSpans, listSpans } from "./follow-spans.js";
import {
  areSharedStored,
  followSharedAddresses,
  formatSharedTo,
  makeSharedAddresses,
} from "./shared-addresses.js";
import { readMark, readState, type IndexState } from "./index-state.js";
import { INDEX_LOCK, type IndexStep } from "./index-step.js";
import { isRefreshDue, refreshPrimaryAddresses } from "./primary-addresses.js";
import { endSpans, insertSpans } from "./span-writes.js";

/**
 * Brings the index of addresses one step nearer to the end of the log.
 * 1. Without a cursor, or if it is lost: begin a new build, with a cursor at the end of the log.
 * 2. During a build: make the spans of some VMs from their changes up to that cursor.
 * 3. After it: make the table of shared addresses, once.
 * 4. Follow the changes behind the cursor.
 * 5. At the end of the log, find the primary addresses and drift of some VMs anew, once after an upgrade that has other rules.
 *
 * One gateway at a time does a step. Its lock ends with its transaction, so that it also works behind a pooler. Spans and
 * cursor are written together: another gateway can continue, and no change is followed twice.
 */
export async function advanceAddressIndex(
  dataSource: DataSource,
  sizes: StepSizes = STEP_SIZES,
): Promise<IndexStep> {
  try {
    const state = await readState(dataSource);
    if (state.cursor === null) return await beginBuild(dataSource);
    const cursor = parseCursor(state.cursor);
    if (!state.isBuilt) return await build(dataSource, state, cursor, sizes.vms);
    if (!(await areSharedStored(dataSource))) return await makeShared(dataSource, state);
    const isAtEnd = !state.isOld && (await isCurrent(dataSource, cursor));
    const step = isAtEnd ? "current" : await follow(dataSource, state, cursor, sizes.changes);
    if (step !== "current" || !isRefreshDue(state.primaryRule)) return step;
    return await refreshPrimaryAddresses(dataSource, sizes.vms);
  } catch (error) {
    // On a standby it is what a gateway at the primary has made.
    if (findSqlState(error) === SERIALIZATION_FAILURE || isReadOnly(error)) return "elsewhere";
    if (!(error instanceof LostCursorError)) throw error;
    return beginBuild(dataSource);
  }
}

/** How much one step does at most. */
export interface StepSizes {
  readonly vms: number;
  readonly changes: number;
}

/** Such a step takes some hundred milliseconds. */
const STEP_SIZES: StepSizes = { vms: 200, changes: 1_000 };

/** Looks, without a lock, whether there is nothing to follow, which is the usual case. */
async function isCurrent(dataSource: DataSource, cursor: LogCursor): Promise<boolean> {
  const { changes, hasMore } = await new LogReader(dataSource, cursor).read(1);
  return changes.length === 0 && !hasMore;
}

async function beginBuild(dataSource: DataSource): Promise<IndexStep> {
  // The build covers all that is committed by now; all later changes are followed.
  const cursor = await findEndOfLog(dataSource);
  return runUnderLock(dataSource, async (queryRunner) => {
    await queryRunner.query("DELETE FROM vnic_graph_address_span");
    await queryRunner.query(
      `UPDATE vnic_graph_address_index SET cursor = $1, mark_xid = NULL, mark_seq = NULL, built_to = NULL,
         is_built = false, written_at = now()`,
      [formatCursor(cursor)],
    );
    return "more";
  });
}

function build(
  dataSource: DataSource,
  state: IndexState,
  cursor: LogCursor,
  vms: number,
): Promise<IndexStep> {
  return runUnderLock(dataSource, async (queryRunner) => {
    if (!isSameState(await readState(queryRunner), state)) return "more";
    const rows = await queryRows<{ readonly id: string }>(
      queryRunner,
      `SELECT vm_guid AS id FROM vm_static WHERE $1::uuid IS NULL OR vm_guid > $1::uuid ORDER BY vm_guid LIMIT $2`,
      [state.builtTo, vms],
    );
    const vmIds = rows.map(({ id }) => id);
    const changes = await readAddressChanges(queryRunner, vmIds, (rowId) => hasRead(cursor, rowId));
    const spans = [...changes].flatMap(([vmId, of]) => listSpans(vmId, of.changes, of.heldBefore));
    await insertSpans(queryRunner, spans);
    await queryRunner.query(
      "UPDATE vnic_graph_address_index SET built_to = coalesce($1::uuid, built_to), is_built = $2, written_at = now()",
      [vmIds.at(-1) ?? null, vmIds.length < vms],
    );
    return "more";
  });
}

/** Makes the table of shared addresses. It shows all changes up to the cursor, and perhaps some more. */
function makeShared(dataSource: DataSource, state: IndexState): Promise<IndexStep> {
  return runUnderLock(dataSource, async (queryRunner) => {
    if (!isSameState(await readState(queryRunner), state)) return "more";
    await makeSharedAddresses(queryRunner);
    await queryRunner.query(`UPDATE vnic_graph_address_index SET shared_to = ${formatSharedTo("cursor")}`);
    return "more";
  });
}

function follow(
  dataSource: DataSource,
  state: IndexState,
  cursor: LogCursor,
  limit: number,
): Promise<IndexStep> {
  return runUnderLock(dataSource, async (queryRunner) => {
    if (!isSameState(await readState(queryRunner), state)) return "more";
    if (!(await areSharedStored(queryRunner))) return "more";
    const reader = new LogReader(queryRunner, cursor, { mark: readMark(state) });
    const { changes, hasMore } = await reader.read(limit);
    if (changes.length === 0 && !hasMore && !state.isOld) return "current";
    const vmIds = [...new Set(changes.map(({ vmId }) => vmId))];
    const seqs = new Set(changes.map(({ seq }) => seq));
    const oldest = changes.reduce((least, { seq }) => (seq < least ? seq : least), changes[0]?.seq ?? 0n);
    const byVm = await readAddressChanges(
      queryRunner,
      vmIds,
      ({ seq }) => seqs.has(seq),
      ({ seq }) => seq < oldest,
    );
    const all = [...byVm].map(([vmId, of]) => followSpans(vmId, of.changes));
    await endSpans(
      queryRunner,
      all.flatMap(({ ended }) => ended),
    );
    await insertSpans(
      queryRunner,
      all.flatMap(({ begun }) => begun),
    );
    const lost = all.flatMap(({ ended }) => ended.map(({ address }) => address));
    await followSharedAddresses(queryRunner, vmIds, lost);
    await queryRunner.query(
      `UPDATE vnic_graph_address_index SET cursor = $1::text, mark_xid = $2, mark_seq = $3, written_at = now(),
         shared_to = ${formatSharedTo("$1::text")}`,
      [formatCursor(reader.cursor), reader.mark?.nextXid.toString(), reader.mark?.seq.toString()],
    );
    if (state.isOld) await dropEndedSpans(queryRunner);
    return hasMore ? "more" : "current";
  });
}

/** Drops spans that ended before the log begins; a few at a time, because nobody waits for it. */
async function dropEndedSpans(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(
    `DELETE FROM vnic_graph_address_span WHERE ctid = ANY(ARRAY(
       SELECT ctid FROM vnic_graph_address_span
       WHERE until < 'infinity' AND until < (SELECT kept_from FROM vnic_graph_change_log) LIMIT 10000))`,
  );
}

/**
 * Runs a step in one state of the database, if no other gateway runs one. The step must check again what was read before.
 */
async function runUnderLock(
  dataSource: DataSource,
  work: (queryRunner: QueryRunner) => Promise<IndexStep>,
): Promise<IndexStep> {
  return runInTransaction(
    dataSource,
    async (queryRunner) => {
      const [lock] = await queryRows<{ readonly locked: boolean }>(
        queryRunner,
        "SELECT pg_try_advisory_xact_lock($1) AS locked",
        [INDEX_LOCK],
      );
      return lock?.locked === true ? work(queryRunner) : "elsewhere";
    },
    "REPEATABLE READ",
  );
}

function isSameState(left: IndexState, right: IndexState): boolean {
  return left.cursor === right.cursor && left.builtTo === right.builtTo && left.isBuilt === right.isBuilt;
}

/** PostgreSQL's code: another gateway ended its step between this one's first look and its lock. */
const SERIALIZATION_FAILURE = "40001";
