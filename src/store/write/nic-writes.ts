import type { QueryRunner } from "typeorm";
import { affectedBy } from "../postgres/sql.js";
import type { HostChanges } from "../types.js";

/** Writes the changed vNICs, by id, so that no two passes deadlock over one that moved between VMs. */
export async function writeNics(
  queryRunner: QueryRunner,
  changes: Omit<HostChanges, "changedVms">,
): Promise<void> {
  const { upsertedNics: nics, deletedNics } = changes;
  if (deletedNics.length > 0) {
    await affectedBy(
      queryRunner,
      `DELETE FROM vm_interface WHERE id IN (
         SELECT n.id FROM vm_interface n JOIN unnest($1::uuid[], $2::uuid[]) AS g(id, vm_id)
           ON n.id = g.id AND n.vm_guid = g.vm_id
         ORDER BY n.id FOR UPDATE OF n)`,
      [deletedNics.map(({ id }) => id), deletedNics.map(({ vmId }) => vmId)],
    );
  }
  if (nics.length === 0) return;
  await affectedBy(
    queryRunner,
    `INSERT INTO vm_interface AS n (id, vm_guid, name, mac_addr, linked)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bool[]) AS g(id, vm_id, name, mac, linked)
     ORDER BY id
     ON CONFLICT (id) DO UPDATE SET vm_guid = excluded.vm_guid, name = excluded.name,
         mac_addr = excluded.mac_addr, linked = excluded.linked
       WHERE (n.vm_guid, n.name, n.mac_addr, n.linked)
         IS DISTINCT FROM (excluded.vm_guid, excluded.name, excluded.mac_addr, excluded.linked)`,
    [
      nics.map((nic) => nic.id),
      nics.map((nic) => nic.vmId),
      nics.map((nic) => nic.name),
      nics.map((nic) => nic.macAddress),
      nics.map((nic) => nic.linked),
    ],
  );
  const named = nics.filter((nic) => nic.network !== null);
  if (named.length > 0) {
    await affectedBy(
      queryRunner,
      `INSERT INTO vnic_graph_nic AS e (nic_id, network)
       SELECT * FROM unnest($1::uuid[], $2::text[]) AS g(id, network) ORDER BY id
       ON CONFLICT (nic_id) DO UPDATE SET network = excluded.network WHERE e.network <> excluded.network`,
      [named.map((nic) => nic.id), named.map((nic) => nic.network)],
    );
  }
  const nameless = nics.filter((nic) => nic.network === null);
  if (nameless.length > 0) {
    await affectedBy(queryRunner, "DELETE FROM vnic_graph_nic WHERE nic_id = ANY($1::uuid[])", [
      nameless.map((nic) => nic.id),
    ]);
  }
}
