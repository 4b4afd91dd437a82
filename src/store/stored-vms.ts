import type { DataSource } from "typeorm";
import type { InterfaceNames } from "./guest-interfaces.js";
import { interfacesInOrder } from "./guest-interfaces.js";
import { nicsBy } from "./nic-reads.js";
import { byVm, inTransaction, rowsOf } from "./sql.js";
import type { StoredVm, VmState } from "./types.js";

/** The VMs that a host owns, is contender for or receives, and those with one of the ids; all as of one instant. */
export async function storedVmsOf(
  dataSource: DataSource,
  hostId: string | null,
  vmIds: readonly string[],
): Promise<StoredVm[]> {
  return inTransaction(
    dataSource,
    async (queryRunner) => {
      const rows = await rowsOf<StateRow>(queryRunner, SELECT_STATES, [hostId, vmIds]);
      if (rows.length === 0) return [];
      const names = new Map(rows.map((row) => [row.id, row.interfaceNames ?? []]));
      const interfaces = await interfacesInOrder(queryRunner, names);
      const nics = byVm(await nicsBy(queryRunner, "vm_guid", [...names.keys()]));
      return rows.map(({ interfaceNames: _, ...state }) => ({
        ...state,
        interfaces: interfaces.get(state.id) ?? [],
        nics: nics.get(state.id) ?? [],
      }));
    },
    "REPEATABLE READ",
  );
}

interface StateRow extends VmState {
  readonly interfaceNames: InterfaceNames | null;
}

const SELECT_STATES = `SELECT s.vm_guid AS id, s.vm_name AS name, d.status,
  d.run_on_vds AS "ownerId", d.migrating_to_vds AS "incomingId", r.contender_id AS "contenderId",
  nullif(d.vm_ip, '') AS ips, nullif(d.vm_fqdn, '') AS fqdn, r.inventory_hash AS "inventoryHash", r.silence,
  coalesce(r.missed_passes, 0) AS "missedPasses", r.interface_names AS "interfaceNames"
FROM vm_static s
JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
LEFT JOIN vnic_graph_vm r ON r.vm_id = s.vm_guid
WHERE s.vm_guid IN (
  SELECT vm_guid FROM vm_dynamic WHERE run_on_vds = $1
  UNION SELECT vm_guid FROM vm_dynamic WHERE migrating_to_vds = $1
  UNION SELECT vm_id FROM vnic_graph_vm WHERE contender_id = $1
  UNION SELECT unnest($2::uuid[]))`;
