import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Notes when somebody else than a pass writes VMs: a person, or another program. Passes log what readers see change, others do
 * not. So a gateway that keeps what it read learns from these notes that it may have changed. A pass names itself to its
 * transaction, and costs nothing here: a trigger that is not due is not called.
 */
export class Edits1795990000000 implements MigrationInterface {
  readonly name = "Edits1795990000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(TABLE);
    await queryRunner.query(FUNCTION);
    for (const table of TABLES) await queryRunner.query(formatTrigger(table));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of TABLES) await queryRunner.query(`DROP TRIGGER vnic_graph_note_edit ON ${table}`);
    await queryRunner.query("DROP FUNCTION vnic_graph_note_edit()");
    await queryRunner.query("DROP TABLE vnic_graph_edit");
  }
}

const TABLES = [
  "vm_static",
  "vm_dynamic",
  "vm_interface",
  "vm_guest_agent_interfaces",
  "vnic_graph_vm",
  "vnic_graph_nic",
];

const TABLE =
  "CREATE TABLE vnic_graph_edit (tx xid8 PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())";

/**
 * Whoever may write a VM's tables need not have a right to this one, and may have another search path. The newest note stays for
 * ever, and older ones for a minute.
 */
const FUNCTION = `DO $do$ DECLARE home text := (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = 'vnic_graph_edit'::regclass);
BEGIN
  EXECUTE format($sql$
    CREATE FUNCTION vnic_graph_note_edit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = %1$s, pg_temp AS $body$
    BEGIN
      INSERT INTO %1$s.vnic_graph_edit (tx) VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING;
      DELETE FROM %1$s.vnic_graph_edit WHERE tx IN (SELECT e.tx FROM %1$s.vnic_graph_edit e
        WHERE e.at < clock_timestamp() - interval '1 minute' AND e.tx <> pg_current_xact_id() FOR UPDATE SKIP LOCKED);
      RETURN NULL;
    END $body$
  $sql$, home);
END $do$`;

function formatTrigger(table: string): string {
  return `CREATE TRIGGER vnic_graph_note_edit AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${table} FOR EACH STATEMENT
    WHEN (current_setting('vnic_graph.writer', true) IS DISTINCT FROM 'pass') EXECUTE FUNCTION vnic_graph_note_edit()`;
}
