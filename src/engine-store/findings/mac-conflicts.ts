import { querySearchRows, SqlParameters, type Queryable } from "../../store/postgres/sql.js";
import type { MacConflictRow, MacConflictsQuestion } from "../../store/finding-types.js";
import type { VmScopeSql } from "../../store/read/conditions/scope.js";

/** Reads a page of MACs that vNICs of several VMs have. It reads all vNICs once, as an engine has no index on their MACs. */
export function readMacConflicts(
  database: Queryable,
  { after, limit }: MacConflictsQuestion,
  scope: VmScopeSql,
): Promise<MacConflictRow[]> {
  const parameters = new SqlParameters();
  const conflicts = selectMacConflicts(after, scope, parameters);
  return querySearchRows<MacConflictRow>(
    database,
    `${conflicts} ORDER BY 1 LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
}

/** Counts such MACs, in the same way. */
export async function countMacConflicts(database: Queryable, scope: VmScopeSql): Promise<number> {
  const parameters = new SqlParameters();
  const [row] = await querySearchRows<{ count: number }>(
    database,
    `SELECT count(*)::int AS count FROM (${selectMacConflicts(null, scope, parameters)}) counted`,
    parameters.values,
  );
  return row?.count ?? 0;
}

/**
 * Selects MACs that several vNICs have, then counts the VMs of these only. vNICs of templates do not count, since
 * nothing runs with them. Rows that the engine did not write may be in upper case.
 */
function selectMacConflicts(after: string | null, scope: VmScopeSql, parameters: SqlParameters): string {
  const mac = 'lower(i.mac_addr) COLLATE "C"';
  const isBehind = after === null ? "true" : `${mac} > ${parameters.add(after)}::varchar`;
  return `SELECT shared.mac AS "macAddress", vms.count::int AS "vmCount"
    FROM (SELECT ${mac} AS mac, array_agg(i.vm_guid) AS vm_ids FROM vm_interface i
      WHERE i.mac_addr IS NOT NULL AND ${isBehind} GROUP BY 1 HAVING count(*) > 1) shared
    CROSS JOIN LATERAL (SELECT count(DISTINCT s.vm_guid) AS count FROM unnest(shared.vm_ids) u(id)
      JOIN vm_static s ON s.vm_guid = u.id AND s.entity_type = 'VM'
      LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      WHERE ${scope.isVm(parameters)}) vms
    WHERE vms.count > 1`;
}
