import type { QueryRunner } from "typeorm";
import { executeIn } from "../postgres/sql.js";
import type { HostChanges, Nic } from "../types.js";
import { sendRows } from "./send-rows.js";
import { waitInOrder } from "./send-in-turns.js";
import { expectAll } from "./superseded-error.js";

/**
 * Writes the changed vNICs, sorted by id, so that two passes cannot deadlock over a vNIC that moved between VMs. Deletes
 * come first, because such a vNIC is deleted from one VM and written for the other. A vNIC that another VM has is never
 * taken from it.
 */
export async function writeNics(
  queryRunner: QueryRunner,
  changes: Omit<HostChanges, "changedVms">,
): Promise<void> {
  const { upsertedNics: nics, deletedNics } = changes;
  await waitInOrder([
    deleteNics(queryRunner, deletedNics),
    upsertNics(queryRunner, nics),
    ...writeNetworks(queryRunner, nics),
  ]);
}

async function deleteNics(queryRunner: QueryRunner, nics: HostChanges["deletedNics"]): Promise<void> {
  if (nics.length === 0) return;
  const { source, parameters } = sendRows(nics, {
    id: ["uuid", ({ id }) => id],
    vm_id: ["uuid", ({ vmId }) => vmId],
  });
  await executeIn(
    queryRunner,
    `DELETE FROM vm_interface WHERE id IN (
       SELECT n.id FROM vm_interface n JOIN ${source} ON n.id = g.id AND n.vm_guid = g.vm_id
       ORDER BY n.id FOR UPDATE OF n)`,
    parameters,
  );
}

async function upsertNics(queryRunner: QueryRunner, nics: readonly Nic[]): Promise<void> {
  if (nics.length === 0) return;
  const { source, parameters } = sendRows(nics, {
    id: ["uuid", (nic) => nic.id],
    vm_id: ["uuid", (nic) => nic.vmId],
    name: ["text", (nic) => nic.name],
    mac: ["text", (nic) => nic.macAddress],
    linked: ["bool", (nic) => nic.linked],
  });
  const written = await executeIn(
    queryRunner,
    `INSERT INTO vm_interface AS n (id, vm_guid, name, mac_addr, linked)
     SELECT id, vm_id, name, mac, linked FROM ${source} ORDER BY id
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, mac_addr = excluded.mac_addr, linked = excluded.linked
       WHERE n.vm_guid = excluded.vm_guid`,
    parameters,
  );
  // If another VM has got one of the ids since the pass read the holders, the pass is superseded. The next one sees it.
  expectAll(written, nics.length);
}

/** Stores the networks of vNICs that have one, and removes those of vNICs that have none. */
function writeNetworks(queryRunner: QueryRunner, nics: readonly Nic[]): Promise<unknown>[] {
  const written: Promise<unknown>[] = [];
  const connected = nics.filter((nic) => nic.network !== null);
  if (connected.length > 0) {
    const { source, parameters } = sendRows(connected, {
      id: ["uuid", (nic) => nic.id],
      vm_id: ["uuid", (nic) => nic.vmId],
      network: ["text", (nic) => nic.network],
    });
    written.push(
      executeIn(
        queryRunner,
        `INSERT INTO vnic_graph_nic AS e (nic_id, vm_id, network) SELECT id, vm_id, network FROM ${source} ORDER BY id
         ON CONFLICT (nic_id) DO UPDATE SET network = excluded.network WHERE e.network <> excluded.network`,
        parameters,
      ),
    );
  }
  const unconnected = nics.filter((nic) => nic.network === null).map(({ id }) => id);
  if (unconnected.length > 0) {
    const remove = "DELETE FROM vnic_graph_nic WHERE nic_id = ANY($1::uuid[])";
    written.push(executeIn(queryRunner, remove, [unconnected]));
  }
  return written;
}
