import type { DataSource } from "typeorm";
import { executeIn, queryRows, runInTransaction } from "../postgres/sql.js";
import { readHistoryBounds } from "./past/past-versions.js";
import { INDEX_LOCK } from "./spans/index-step.js";

/** The VMs that were erased, and since when changes are known: nobody can tell how long a VM had ended before that. */
export interface ForgottenVms {
  readonly count: number;
  readonly keptFrom: Date;
}

/**
 * Erases the VMs that no host has reported for so many milliseconds, with their past. They are erased in steps, each with a
 * transaction of its own, so that passes and the index of addresses do not wait for long. If a host reports one of them
 * again, it is a new VM.
 */
export async function forgetEndedVms(dataSource: DataSource, forMs: number): Promise<ForgottenVms> {
  const { keptFrom } = await readHistoryBounds(dataSource);
  for (let count = 0; ;) {
    const erased = await forgetSome(dataSource, forMs, keptFrom);
    count += erased;
    if (erased < VMS_OF_A_STEP) return { count, keptFrom };
  }
}

function forgetSome(dataSource: DataSource, forMs: number, keptFrom: Date): Promise<number> {
  return runInTransaction(dataSource, async (queryRunner) => {
    await queryRunner.query("SET LOCAL statement_timeout = 0");
    await queryRunner.query("SELECT pg_advisory_xact_lock($1)", [INDEX_LOCK]);
    const rows = await queryRows<{ id: string }>(queryRunner, FIND_ENDED, [forMs, keptFrom, VMS_OF_A_STEP]);
    const ids = [rows.map(({ id }) => id)];
    for (const sql of ERASE) await executeIn(queryRunner, sql, ids);
    return rows.length;
  });
}

const VMS_OF_A_STEP = 1_000;

/** Finds VMs that have no host, and no change in the log since. A pass that gives one of them a host waits, and is then tried again. */
const FIND_ENDED = `SELECT d.vm_guid AS id FROM vm_dynamic d WHERE d.run_on_vds IS NULL
  AND now() - $1 * interval '1 ms' >= $2::timestamptz
  AND NOT EXISTS (SELECT FROM vnic_graph_change c WHERE c.vm_id = d.vm_guid AND c.at >= now() - $1 * interval '1 ms')
  ORDER BY d.vm_guid LIMIT $3 FOR UPDATE OF d SKIP LOCKED`;

/** Erases a VM's past, and then the VM, with all that other tables have of it. */
const ERASE = [
  "DELETE FROM vnic_graph_change WHERE vm_id = ANY($1::uuid[])",
  "DELETE FROM vnic_graph_address_span WHERE vm_id = ANY($1::uuid[])",
  "DELETE FROM vm_static WHERE vm_guid = ANY($1::uuid[])",
];
