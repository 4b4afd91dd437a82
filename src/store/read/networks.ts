import { deriveNetworkId } from "../../model/network-id.js";
import { SqlParameters, queryRows, type Queryable } from "../postgres/sql.js";
import type { NamedRow } from "../inventory-types.js";
import type { VmScopeSql } from "./conditions/scope.js";

/** Reads the networks that vNICs are on, sorted by name. Hosts report only names, so each id is derived from the name. */
export async function readNetworks(
  database: Queryable,
  ids: readonly string[] | null,
  scope: VmScopeSql,
): Promise<NamedRow[]> {
  const parameters = new SqlParameters();
  const rows = await queryRows<{ name: string }>(
    database,
    `SELECT DISTINCT e.network AS name FROM vnic_graph_nic e
     WHERE ${scope.hasVm("e.vm_id", parameters)} ORDER BY name`,
    parameters.values,
  );
  const networks = rows.map(({ name }) => ({ id: deriveNetworkId(name), name }));
  return ids === null ? networks : networks.filter(({ id }) => ids.includes(id));
}
