import type { DataSource, QueryRunner } from "typeorm";
import { byVm, inTransaction, rowsOf } from "../postgres/sql.js";
import { readStoredVmsIn } from "../write/stored-vms.js";
import { restoreVersion, undoDelta, type VmDelta } from "./vm-delta.js";
import { toVersion, type VmVersion } from "./vm-version.js";

/** A VM as it was stored at some time. */
export interface PastVm extends VmVersion {
  /** When the guest had last reported, if it was silent then; `null`: it reported, or it is not known any more. */
  readonly lastReportedAt: Date | null;
}

/**
 * Reads VMs as they were at a time. The current state is taken back change by change, newest first, from the first change
 * after that time which holds all of the VM before it; without such a change, from what is stored now.
 */
export async function readVmVersions(
  dataSource: DataSource,
  vmIds: readonly string[],
  at: Date,
): Promise<PastVm[]> {
  if (vmIds.length === 0) return [];
  return inTransaction(
    dataSource,
    async (queryRunner) => {
      const changes = byVm(await readLaterChanges(queryRunner, vmIds, at));
      const unended = vmIds.filter((id) => changes.get(id)?.at(-1)?.isFull !== true);
      const current = unended.length === 0 ? [] : await readStoredVmsIn(queryRunner, [], unended);
      const versions = new Map<string, VmVersion | null>(current.map((vm) => [vm.id, toVersion(vm)]));
      const lastReports = await readLastReports(queryRunner, vmIds, at);
      return vmIds.flatMap((id): PastVm[] => {
        const version = undoChanges(id, versions.get(id) ?? null, changes.get(id) ?? []);
        if (version === null) return [];
        const isSilent = version.isMissing || version.hostId === null || version.silence !== null;
        return [{ ...version, lastReportedAt: isSilent ? (lastReports.get(id) ?? null) : null }];
      });
    },
    "REPEATABLE READ",
  );
}

/** From when on the log tells of every change: it began then, or all before was dropped. */
export async function readLogStart(dataSource: DataSource): Promise<Date> {
  const [row] = await rowsOf<{ readonly kept_from: Date }>(
    dataSource,
    "SELECT kept_from FROM vnic_graph_change_log",
  );
  if (row === undefined) throw new Error("vnic_graph_change_log has no row; it was emptied by hand");
  return row.kept_from;
}

function undoChanges(
  id: string,
  current: VmVersion | null,
  changes: readonly LaterChange[],
): VmVersion | null {
  let version = current;
  for (const { delta } of changes.toReversed()) {
    if (delta.new !== undefined) version = null;
    else if (delta.full !== undefined) version = restoreVersion(id, delta.full);
    else if (version !== null) version = undoDelta(version, delta);
  }
  return version;
}

/** The changes after a time, oldest first, up to the first that holds all of the VM before it. */
function readLaterChanges(
  queryRunner: QueryRunner,
  vmIds: readonly string[],
  at: Date,
): Promise<LaterChange[]> {
  return rowsOf<LaterChange>(
    queryRunner,
    `SELECT c.vm_id AS "vmId", c.is_full AS "isFull", c.delta FROM unnest($1::uuid[]) AS g(id)
     CROSS JOIN LATERAL (
       SELECT c.vm_id, c.is_full, c.delta, c.at, c.seq FROM vnic_graph_change c
       WHERE c.vm_id = g.id AND c.at > $2::timestamptz AND c.at <= coalesce(
         (SELECT f.at FROM vnic_graph_change f WHERE f.vm_id = g.id AND f.at > $2::timestamptz AND f.is_full
          ORDER BY f.at LIMIT 1), 'infinity')
       ORDER BY c.at, c.seq) AS c
     ORDER BY c.vm_id, c.at, c.seq`,
    [vmIds, at.toISOString()],
  );
}

interface LaterChange {
  readonly vmId: string;
  readonly isFull: boolean;
  readonly delta: VmDelta;
}

/** The time of the last report that was stored with the last change up to a time, or is stored now if there was none since. */
async function readLastReports(
  queryRunner: QueryRunner,
  vmIds: readonly string[],
  at: Date,
): Promise<ReadonlyMap<string, Date | null>> {
  const rows = await rowsOf<{ readonly id: string; readonly at: Date | null }>(
    queryRunner,
    `SELECT g.id, CASE WHEN last.vm_id IS NOT NULL THEN last.last_reported_at
       WHEN NOT EXISTS (SELECT FROM vnic_graph_change n WHERE n.vm_id = g.id AND n.at > $2::timestamptz)
         THEN (SELECT r.last_reported_at FROM vnic_graph_vm r WHERE r.vm_id = g.id) END AS at
     FROM unnest($1::uuid[]) AS g(id)
     LEFT JOIN LATERAL (SELECT c.vm_id, c.last_reported_at FROM vnic_graph_change c
       WHERE c.vm_id = g.id AND c.at <= $2::timestamptz ORDER BY c.at DESC, c.seq DESC LIMIT 1) AS last ON true`,
    [vmIds, at.toISOString()],
  );
  return new Map(rows.map((row) => [row.id, row.at]));
}
