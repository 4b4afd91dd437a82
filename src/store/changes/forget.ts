import type { DataSource, QueryRunner } from "typeorm";
import { executeIn, runInTransaction, queryRows } from "../postgres/sql.js";
import { readStoredVmsIn } from "../write/stored-vms.js";
import { FULL_ROW } from "./kinds.js";
import { INDEX_LOCK } from "./spans/index-step.js";
import { createDelta } from "./versions/vm-delta.js";
import { toVersion } from "./versions/vm-version.js";

/** What was erased. */
export interface Forgotten {
  readonly changes: number;
  readonly spans: number;
  /** `true`: the VM is stored now; its present state was kept. */
  readonly isStored: boolean;
}

/**
 * Erases a VM's past. Its present state stays, in a new row of the log before which nothing is known. The row has no kind
 * of change, so that readers do not see it as a change.
 * 1. Lock the index of addresses, so that it does not bring back changes that it is just following.
 * 2. Lock the VM, so that no pass writes a change between erasing and the new row.
 */
export function forgetVm(dataSource: DataSource, vmId: string): Promise<Forgotten> {
  return runInTransaction(dataSource, async (queryRunner) => {
    await queryRunner.query("SET LOCAL statement_timeout = 0");
    await queryRunner.query("SELECT pg_advisory_xact_lock($1)", [INDEX_LOCK]);
    await queryRunner.query("SELECT FROM vm_dynamic WHERE vm_guid = $1 FOR UPDATE", [vmId]);
    const of = [vmId];
    const changes = await executeIn(queryRunner, "DELETE FROM vnic_graph_change WHERE vm_id = $1", of);
    const spans = await executeIn(queryRunner, "DELETE FROM vnic_graph_address_span WHERE vm_id = $1", of);
    return { changes, spans, isStored: await writePresentState(queryRunner, vmId) };
  });
}

/**
 * Erases the past of all VMs. A reader that has read the whole log continues with the next change. Any other reader must
 * begin again with the current state.
 */
export function forgetAll(dataSource: DataSource, lockWaitMs = LOCK_WAIT_MS): Promise<void> {
  return runInTransaction(dataSource, async (queryRunner) => {
    await queryRunner.query("SET LOCAL statement_timeout = 0");
    await queryRunner.query("SELECT pg_advisory_xact_lock($1)", [INDEX_LOCK]);
    await queryRunner.query(`SET LOCAL lock_timeout = '${lockWaitMs}ms'`);
    await queryRunner.query("LOCK TABLE vnic_graph_change IN ACCESS EXCLUSIVE MODE");
    await queryRunner.query(
      `UPDATE vnic_graph_change_log l SET kept_from = clock_timestamp(),
         dropped_tx = greatest(l.dropped_tx, (SELECT tx FROM vnic_graph_change ORDER BY tx DESC LIMIT 1))`,
    );
    await queryRunner.query("TRUNCATE vnic_graph_change, vnic_graph_address_span");
    await queryRunner.query(
      "UPDATE vnic_graph_address_index SET cursor = NULL, is_built = false, built_to = NULL",
    );
  });
}

/** Finds the VMs with this id or name. */
export function findVms(
  dataSource: DataSource,
  named: { readonly id: string } | { readonly name: string },
): Promise<{ readonly id: string; readonly name: string }[]> {
  const [column, value] = "id" in named ? ["vm_guid", named.id] : ["vm_name", named.name];
  return queryRows(
    dataSource,
    `SELECT vm_guid AS id, vm_name AS name FROM vm_static WHERE ${column} = $1 ORDER BY vm_guid LIMIT 20`,
    [value],
  );
}

/** Writes a row with the VM's present state, before which nothing is known. Returns `false` if the VM is not stored. */
async function writePresentState(queryRunner: QueryRunner, vmId: string): Promise<boolean> {
  const [stored] = await readStoredVmsIn(queryRunner, [], [vmId]);
  if (stored === undefined) return false;
  const change = createDelta(null, toVersion(stored), false);
  await executeIn(
    queryRunner,
    `INSERT INTO vnic_graph_change (at, tx, seq, last_reported_at, vm_id, kinds, delta)
     VALUES (clock_timestamp(), pg_current_xact_id(), nextval('vnic_graph_change_seq'),
       (SELECT r.last_reported_at FROM vnic_graph_vm r WHERE r.vm_id = $1), $1, ${FULL_ROW}, $2)`,
    [vmId, JSON.stringify(change?.delta)],
  );
  return true;
}

/** Passes queue behind a table lock that waits, so it must give up soon. */
const LOCK_WAIT_MS = 5_000;
