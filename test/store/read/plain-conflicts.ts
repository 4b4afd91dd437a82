import { INSIDE_PATTERN } from "../../../src/model/guest/container-names.js";
import type { AddressConflictRow, AddressConflictsQuestion } from "../../../src/store/finding-types.js";
import { queryRows, SqlParameters, type Queryable } from "../../../src/store/postgres/sql.js";
import { matchReaching, USUAL_BRIDGES } from "../../../src/store/read/address-conflicts.js";
import { matchCidr } from "../../../src/store/read/conditions/match-cidr.js";
import { createVmScopeSql } from "../../../src/store/read/conditions/scope.js";
import type { VmScope } from "../../../src/store/types.js";

/** Finds conflicts in the plain way: joins all that have a shared address, and groups them by it. */
export function readPlainly(
  connection: Queryable,
  { within, network, after, limit }: AddressConflictsQuestion,
  seen: VmScope | null,
): Promise<AddressConflictRow[]> {
  const parameters = new SqlParameters();
  const visible = createVmScopeSql(seen).hasVm("a.vm_id", parameters);
  const isWithin = within === null ? "true" : matchCidr("a.address", within, parameters);
  const isBehind = after === null ? "true" : `a.address > ${parameters.add(after)}::inet`;
  const isMeant = network === null ? "true" : `coalesce(h.network = ${parameters.add(network)}::text, true)`;
  return queryRows<AddressConflictRow>(
    connection,
    `SELECT host(h.address) AS address, count(DISTINCT h.vm_id)::int AS "vmCount", array_agg(DISTINCT h.vm_id ORDER BY h.vm_id) AS "vmIds"
     FROM (
       SELECT DISTINCT a.address, a.vm_id, on_nic.network
       FROM vnic_graph_address a
       LEFT JOIN LATERAL (
         SELECT e.network, n.id IS NOT NULL OR g.interface_name IS NULL OR NOT g.interface_name ~* '${INSIDE_PATTERN}' AS is_outside
         FROM vm_guest_agent_interfaces g
         LEFT JOIN vm_interface n ON n.vm_guid = g.vm_id AND n.mac_addr = g.mac_address
         LEFT JOIN vnic_graph_nic e ON e.nic_id = n.id
         WHERE g.vm_id = a.vm_id
           AND host(a.address) = ANY(string_to_array(concat_ws(',', g.ipv4_addresses, g.ipv6_addresses), ','))
         ORDER BY 2 DESC, n.id IS NULL, e.network IS NULL FETCH FIRST 1 ROW WITH TIES) on_nic ON true
       WHERE ${isBehind} AND ${isWithin} AND ${matchReaching("a.address")} AND ${visible}
         AND coalesce(on_nic.is_outside, a.address <> ALL(${USUAL_BRIDGES}))) h
     WHERE ${isMeant}
     GROUP BY h.address
     HAVING count(DISTINCT h.vm_id) > 1 AND (count(h.network) < count(*) OR count(DISTINCT h.network) < count(*))
     ORDER BY h.address LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
}
