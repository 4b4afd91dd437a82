import type { QueryRunner } from "typeorm";
import { queryRows } from "../postgres/sql.js";
import type { HostChanges } from "../types.js";

/**
 * Updates `vnic_graph_address` for the VMs whose addresses a pass has changed. The table holds addresses as numbers, which
 * an index finds by prefix and in order. Costs one statement, or none if no address changed.
 */
export async function updateAddresses(queryRunner: QueryRunner, changes: HostChanges): Promise<void> {
  const vmIds = new Set([
    ...changes.newVms.map(({ id }) => id),
    ...changes.changedVms
      .filter(({ before, after }) => before.ips !== after.ips)
      .map(({ after }) => after.id),
    ...[...changes.insertedInterfaces, ...changes.deletedInterfaces].map(({ vmId }) => vmId),
    ...changes.updatedInterfaces.map(({ after }) => after.vmId),
  ]);
  if (vmIds.size > 0) await queryRows(queryRunner, UPDATE, [[...vmIds]]);
}

/**
 * The statement leaves out texts that are no addresses. Reports are checked before they are stored, so such texts come from
 * elsewhere.
 */
const UPDATE = `WITH told AS MATERIALIZED (
    SELECT DISTINCT each.vm_id, each.word::inet AS address
    FROM (
      SELECT i.vm_id, unnest(string_to_array(concat_ws(',', i.ipv4_addresses, i.ipv6_addresses), ',')) AS word
      FROM vm_guest_agent_interfaces i WHERE i.vm_id = ANY($1::uuid[])
      UNION ALL
      SELECT d.vm_guid, unnest(string_to_array(d.vm_ip, ' ')) FROM vm_dynamic d WHERE d.vm_guid = ANY($1::uuid[])
    ) AS each
    WHERE each.word ~ '^[0-9]+[.][0-9.]+$' OR each.word ~ '^[0-9a-f:.]*:[0-9a-f:.]*$'),
  gone AS (
    DELETE FROM vnic_graph_address a WHERE a.vm_id = ANY($1::uuid[])
      AND NOT EXISTS (SELECT FROM told t WHERE t.vm_id = a.vm_id AND t.address = a.address))
  INSERT INTO vnic_graph_address (vm_id, address)
    SELECT t.vm_id, t.address FROM told t
    WHERE NOT EXISTS (SELECT FROM vnic_graph_address a WHERE a.vm_id = t.vm_id AND a.address = t.address)`;
