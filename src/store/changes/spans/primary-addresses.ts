import type { DataSource, QueryRunner } from "typeorm";
import { queryRows, runInTransaction } from "../../postgres/sql.js";
import { refreshDrift } from "../../write/drift-writes.js";
import { readStoredVmsIn } from "../../write/stored-vms.js";
import { findPrimaryOfVersion } from "../versions/version-addresses.js";
import { INDEX_LOCK, type IndexStep } from "./index-step.js";

/**
 * The number of the rules by which primary addresses and drift are found. Raise it whenever one of them gives another answer for any
 * guest. Passes write both for VMs that change; the others get theirs by these rules then.
 */
export const PRIMARY_RULE = 7;

/**
 * Returns `true` if a noted rule is older than this gateway's, or is this one and not all addresses are found by it yet. Noted
 * is the number of the rule by which all are found, or, below zero, of that by which a refresh finds them; `null`: none.
 */
export function isRefreshDue(primaryRule: number | null): boolean {
  const rule = primaryRule ?? 0;
  return rule < PRIMARY_RULE && rule >= -PRIMARY_RULE;
}

/**
 * Finds the stored primary addresses and drift of the next VMs by id anew, and writes what differs. No pass waits for more than a few
 * VMs, and this waits for no pass:
 * 1. It locks the VMs' rows, and stops before the first one that a pass has locked. That one is tried again.
 * 2. It reads these VMs. What a pass has not committed yet is not seen, but the pass writes both itself, after this.
 *
 * An older gateway has a lower number, and leaves alone what a newer one has found or finds. A newer one begins at the first VM:
 * what was found by another rule is not right by its own.
 */
export function refreshPrimaryAddresses(dataSource: DataSource, limit: number): Promise<IndexStep> {
  return runInTransaction(dataSource, async (queryRunner) => {
    const [lock] = await queryRows<{ readonly isLocked: boolean }>(queryRunner, LOCK_INDEX, [INDEX_LOCK]);
    if (lock?.isLocked !== true) return "elsewhere";
    const [state] = await queryRows<State>(queryRunner, SELECT_STATE);
    if (state === undefined || !isRefreshDue(state.primaryRule)) return "current";
    const from = state.primaryRule === -PRIMARY_RULE ? state.refreshedTo : null;
    const rows = await queryRows<{ readonly id: string }>(queryRunner, SELECT_NEXT, [from, limit]);
    const ids = await lockFirst(
      queryRunner,
      rows.map(({ id }) => id),
    );
    if (ids.length > 0) await writeAnew(queryRunner, ids);
    const isLast = rows.length < limit && ids.length === rows.length;
    await queryRunner.query("UPDATE vnic_graph_address_index SET primary_rule = $1, primary_to = $2", [
      isLast ? PRIMARY_RULE : -PRIMARY_RULE,
      isLast ? null : (ids.at(-1) ?? from),
    ]);
    return isLast || ids.length === 0 ? "current" : "more";
  });
}

interface State {
  readonly primaryRule: number | null;
  /** The VM up to which addresses were found anew; `null`: none was. */
  readonly refreshedTo: string | null;
}

/** Locks VMs, and returns those before the first one that somebody else has locked or removed. */
async function lockFirst(queryRunner: QueryRunner, ids: readonly string[]): Promise<string[]> {
  const rows = await queryRows<{ readonly id: string }>(queryRunner, LOCK, [ids]);
  const locked = new Set(rows.map(({ id }) => id));
  const end = ids.findIndex((id) => !locked.has(id));
  return ids.slice(0, end === -1 ? ids.length : end);
}

async function writeAnew(queryRunner: QueryRunner, ids: readonly string[]): Promise<void> {
  const vms = await readStoredVmsIn(queryRunner, [], ids);
  await queryRunner.query(UPDATE, [vms.map(({ id }) => id), vms.map(findPrimaryOfVersion)]);
  await refreshDrift(queryRunner, vms);
}

/** Nothing that readers see of a VM changes, so what this writes is noted as no edit. */
const LOCK_INDEX = `SELECT pg_try_advisory_xact_lock($1) AS "isLocked", set_config('vnic_graph.writer', 'pass', true)`;

/** A statement of its own: one that takes the lock does not see what its last holder has just committed. */
const SELECT_STATE = `SELECT primary_rule AS "primaryRule", primary_to AS "refreshedTo" FROM vnic_graph_address_index`;

const SELECT_NEXT = `SELECT vm_id AS id FROM vnic_graph_vm
  WHERE vm_id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY vm_id LIMIT $2`;

const LOCK =
  "SELECT vm_id AS id FROM vnic_graph_vm WHERE vm_id = ANY($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED";

const UPDATE = `UPDATE vnic_graph_vm r SET primary_address = g.address
  FROM unnest($1::uuid[], $2::inet[]) AS g (id, address)
  WHERE r.vm_id = g.id AND r.primary_address IS DISTINCT FROM g.address`;
