import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Keeps a vNIC's VM beside its network, so that one index has all VMs on a network: to look up the VM of each vNIC took ten times
 * as long. Another index has the networks of a VM. PostgreSQL makes sure that both tables name the same VM, by an index that takes
 * the place of the one of vNICs by VM. A row that is written without the VM, by hand or by a gateway of the release before, gets it
 * by a trigger; passes write it themselves, so that none is called.
 */
export class VmsOfNetworks1796500000000 implements MigrationInterface {
  readonly name = "VmsOfNetworks1796500000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

/** Whoever may write networks need not have a right to vNICs, and may have another search path. */
const FUNCTION = `DO $do$ DECLARE home text := (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = 'vnic_graph_nic'::regclass);
BEGIN
  EXECUTE format($sql$
    CREATE FUNCTION vnic_graph_find_vm() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = %1$s, pg_temp AS $body$
    BEGIN
      NEW.vm_id := (SELECT n.vm_guid FROM %1$s.vm_interface n WHERE n.id = NEW.nic_id);
      RETURN NEW;
    END $body$
  $sql$, home);
END $do$`;

const LOCK = "LOCK TABLE vm_interface, vnic_graph_nic IN ACCESS EXCLUSIVE MODE";

/**
 * Readers of vNICs wait from the lock on. It is taken in the order in which they take theirs: otherwise one of them, or all of this,
 * would end as a deadlock. So the old index goes before its rows are written anew. Readers see nothing change: it is no edit that has to
 * be noted. Rows of no vNIC, which only somebody who switched triggers off can have left, are of no use.
 */
const UP: readonly string[] = [
  "CREATE UNIQUE INDEX idx_vm_interface_vm_guid_id ON vm_interface (vm_guid, id)",
  FUNCTION,
  "REVOKE EXECUTE ON FUNCTION vnic_graph_find_vm() FROM PUBLIC",
  LOCK,
  "ALTER TABLE vnic_graph_nic ADD COLUMN vm_id uuid",
  "DROP INDEX idx_vnic_graph_nic_lower_network",
  "SELECT set_config('vnic_graph.writer', 'pass', true)",
  "UPDATE vnic_graph_nic e SET vm_id = n.vm_guid FROM vm_interface n WHERE n.id = e.nic_id",
  "DELETE FROM vnic_graph_nic WHERE vm_id IS NULL",
  "SELECT set_config('vnic_graph.writer', '', true)",
  `ALTER TABLE vnic_graph_nic ALTER COLUMN vm_id SET NOT NULL, DROP CONSTRAINT fk_vnic_graph_nic_vm_interface,
    ADD CONSTRAINT fk_vnic_graph_nic_vm_interface FOREIGN KEY (vm_id, nic_id) REFERENCES vm_interface (vm_guid, id)
      ON UPDATE CASCADE ON DELETE CASCADE`,
  `CREATE INDEX idx_vnic_graph_nic_lower_network ON vnic_graph_nic (lower(network COLLATE "C"), vm_id) INCLUDE (network)`,
  "CREATE INDEX idx_vnic_graph_nic_vm_id ON vnic_graph_nic (vm_id)",
  `CREATE TRIGGER vnic_graph_find_vm BEFORE INSERT ON vnic_graph_nic FOR EACH ROW
    WHEN (NEW.vm_id IS NULL) EXECUTE FUNCTION vnic_graph_find_vm()`,
  "ANALYZE vnic_graph_nic",
  "DROP INDEX idx_vm_interface_vm_guid",
];

const DOWN: readonly string[] = [
  "CREATE INDEX idx_vm_interface_vm_guid ON vm_interface (vm_guid)",
  LOCK,
  "DROP TRIGGER vnic_graph_find_vm ON vnic_graph_nic",
  "DROP FUNCTION vnic_graph_find_vm()",
  `ALTER TABLE vnic_graph_nic DROP COLUMN vm_id,
    ADD CONSTRAINT fk_vnic_graph_nic_vm_interface FOREIGN KEY (nic_id) REFERENCES vm_interface (id) ON DELETE CASCADE`,
  `CREATE INDEX idx_vnic_graph_nic_lower_network ON vnic_graph_nic (lower(network COLLATE "C"))`,
  "ANALYZE vnic_graph_nic",
  "DROP INDEX idx_vm_interface_vm_guid_id",
];
