import type { DataSource, QueryRunner } from "typeorm";
import { queryRows, runInTransaction } from "../../postgres/sql.js";
import { readStoredVmsIn } from "../../write/stored-vms.js";
import { findPrimaryOfVersion } from "../versions/version-addresses.js";
import { INDEX_LOCK, type IndexStep } from "./index-step.js";

/**
 * The number of the rule by which primary addresses are found. Raise it whenever the rule gives another answer for any guest.
 * Lists are sorted by the stored address, which passes write for VMs that change; the others get theirs by this rule then.
 */
export const PRIMARY_RULE = 1;

/**
 * Finds the stored primary addresses of the next VMs by id anew, and writes those that differ. No pass waits for more than a few
 * VMs, and this waits for no pass:
 * 1. It locks the VMs' rows, and stops before the first one that a pass has locked. That one is tried again.
 * 2. It reads these VMs. What a pass has not committed yet is not seen, but the pass writes the address itself, after this.
 *
 * An older gateway has a lower number, and leaves alone what a newer one has found.
 */
export function refreshPrimaryAddresses(dataSource: DataSource, limit: number): Promise<IndexStep> {
  return runInTransaction(dataSource, async (queryRunner) => {
    const [state] = await queryRows<State>(queryRunner, SELECT_STATE, [INDEX_LOCK]);
    if (state?.isLocked !== true) return "elsewhere";
    const rows = await queryRows<{ readonly id: string }>(queryRunner, SELECT_NEXT, [
      state.refreshedTo,
      limit,
    ]);
    const ids = await lockFirst(
      queryRunner,
      rows.map(({ id }) => id),
    );
    if (ids.length > 0) await writePrimaryAddresses(queryRunner, ids);
    const isLast = rows.length < limit && ids.length === rows.length;
    await queryRunner.query(
      `UPDATE vnic_graph_address_index SET primary_rule = CASE WHEN $1 THEN $2::int ELSE primary_rule END,
         primary_to = CASE WHEN $1 THEN NULL ELSE coalesce($3::uuid, primary_to) END`,
      [isLast, PRIMARY_RULE, ids.at(-1) ?? null],
    );
    return isLast || ids.length === 0 ? "current" : "more";
  });
}

interface State {
  readonly isLocked: boolean;
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

async function writePrimaryAddresses(queryRunner: QueryRunner, ids: readonly string[]): Promise<void> {
  const vms = await readStoredVmsIn(queryRunner, [], ids);
  await queryRunner.query(UPDATE, [vms.map(({ id }) => id), vms.map(findPrimaryOfVersion)]);
}

/** Nothing that readers see of a VM changes, so what this writes is noted as no edit. */
const SELECT_STATE = `SELECT pg_try_advisory_xact_lock($1) AS "isLocked", primary_to AS "refreshedTo",
    set_config('vnic_graph.writer', 'pass', true)
  FROM vnic_graph_address_index`;

const SELECT_NEXT = `SELECT vm_id AS id FROM vnic_graph_vm
  WHERE vm_id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY vm_id LIMIT $2`;

const LOCK =
  "SELECT vm_id AS id FROM vnic_graph_vm WHERE vm_id = ANY($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED";

const UPDATE = `UPDATE vnic_graph_vm r SET primary_address = g.address
  FROM unnest($1::uuid[], $2::inet[]) AS g (id, address)
  WHERE r.vm_id = g.id AND r.primary_address IS DISTINCT FROM g.address`;
