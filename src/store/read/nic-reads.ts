import type { VmScopeSql } from "./conditions/scope.js";
import { SqlParameters, queryRows, type Queryable } from "../postgres/sql.js";
import type { Nic } from "../types.js";

/** The columns by which vNICs are asked for. */
export type NicKey = "vm_guid" | "id" | "mac_addr";

/** Reads the vNICs with one of the keys, sorted by name. All are plugged in, because a host lists no other devices. */
export async function readNics(
  database: Queryable,
  key: NicKey,
  values: readonly string[],
  scope: VmScopeSql,
): Promise<Nic[]> {
  const parameters = new SqlParameters();
  const list = parameters.addKeys(values, key === "mac_addr" ? "text" : "uuid");
  return queryRows<Nic>(
    database,
    `SELECT n.id, n.vm_guid AS "vmId", n.name, n.mac_addr AS "macAddress", e.network, n.linked, true AS plugged
     FROM vm_interface n LEFT JOIN vnic_graph_nic e ON e.nic_id = n.id
     WHERE n.${key} = ANY(${list}) AND ${scope.hasVm("n.vm_guid", parameters)}
     ORDER BY n.name COLLATE "C", n.id`,
    parameters.values,
  );
}

/** Reads which VMs have the vNICs with these ids: maps a vNIC's id to its VM's id. */
export async function readNicHolders(
  database: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await queryRows<{ id: string; vmId: string }>(
    database,
    'SELECT n.id, n.vm_guid AS "vmId" FROM vm_interface n WHERE n.id = ANY($1::uuid[])',
    [ids],
  );
  return new Map(rows.map(({ id, vmId }) => [id, vmId]));
}
