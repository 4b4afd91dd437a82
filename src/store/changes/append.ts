import type { QueryRunner } from "typeorm";
import { executeIn } from "../postgres/sql.js";
import { sendRows } from "../write/send-rows.js";
import { FULL_ROW } from "./kinds.js";
import { findPrimaryOfVersion } from "./versions/version-addresses.js";
import { createDelta } from "./versions/vm-delta.js";
import { isHeard, isStale, type VmChangeEntry } from "./versions/vm-version.js";

/**
 * Appends to the change log what a transaction changes for readers. Call it as the last statement of that transaction:
 * every VM is locked then, so that `seq` and `at` of one VM's rows come in the order of their commits.
 *
 * It also stores, in `vnic_graph_vm`, when the VM changed last, its primary address, and since when it is stale.
 */
export async function appendChanges(
  queryRunner: QueryRunner,
  entries: Iterable<VmChangeEntry>,
  random: () => number = Math.random,
): Promise<void> {
  const rows: LogRow[] = [];
  for (const entry of entries) {
    const row = createRow(entry, random() < FULL_SHARE);
    if (row !== null) rows.push(row);
  }
  if (rows.length === 0) return;
  const { source, parameters } = sendRows(rows, {
    vm_id: ["uuid", ({ vmId }) => vmId],
    host_id: ["uuid", ({ hostId }) => hostId],
    kinds: ["smallint", ({ kinds }) => kinds],
    is_heard: ["bool", ({ isHeard }) => isHeard],
    becomes_stale: ["bool", ({ becomesStale }) => becomesStale],
    primary_address: ["inet", ({ primaryAddress }) => primaryAddress],
    delta: ["json", ({ delta }) => delta],
  });
  await executeIn(
    queryRunner,
    `WITH given AS MATERIALIZED (SELECT * FROM ${source}),
     logged AS (
       INSERT INTO vnic_graph_change (at, tx, seq, last_reported_at, vm_id, host_id, kinds, delta)
       SELECT (SELECT clock_timestamp()), pg_current_xact_id(), nextval('vnic_graph_change_seq'),
         CASE WHEN NOT is_heard THEN (SELECT r.last_reported_at FROM vnic_graph_vm r WHERE r.vm_id = g.vm_id) END,
         vm_id, host_id, kinds, delta
       FROM given g
       RETURNING vm_id, at)
     UPDATE vnic_graph_vm r SET changed_at = l.at, primary_address = g.primary_address,
       stale_since = CASE WHEN g.becomes_stale THEN l.at ELSE r.stale_since END
     FROM given g JOIN logged l ON l.vm_id = g.vm_id WHERE r.vm_id = g.vm_id`,
    parameters,
  );
}

interface LogRow {
  readonly vmId: string;
  /** The host whose pass found the change. `null`: the host that owns the VM after the change. */
  readonly hostId: string | null;
  readonly kinds: number;
  readonly isHeard: boolean;
  /** Its data were current before, or it was not stored or ran on no host. */
  readonly becomesStale: boolean;
  readonly primaryAddress: string | null;
  /** JSON text, because the objects of thousands of new VMs would take far more memory until they are sent. */
  readonly delta: string;
}

function createRow({ hostId, before, after }: VmChangeEntry, keepsAll: boolean): LogRow | null {
  const change = createDelta(before, after, before?.hostId !== after.hostId || keepsAll);
  if (change === null) return null;
  const { kinds, delta } = change;
  return {
    vmId: after.id,
    hostId: hostId === after.hostId ? null : hostId,
    kinds: delta.full === undefined && delta.new === undefined ? kinds : kinds | FULL_ROW,
    isHeard: isHeard(after),
    becomesStale: isStale(after) && (before === null || !isStale(before)),
    primaryAddress: findPrimaryOfVersion(after),
    delta: JSON.stringify(delta),
  };
}

/**
 * The share of changes whose row also holds the complete VM before the change. A question about the past reads from its
 * time on to the next such row: 32 rows on average. These rows make up a tenth of the log.
 */
const FULL_SHARE = 1 / 32;
