import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Makes rows of the change log smaller. The host whose pass found a change is nearly always the VM's own, and is then
 * left out; whether a row holds all of its VM is a bit of `kinds`. Rows that are there stay, and are read as before.
 */
export class CompactLog1795980000000 implements MigrationInterface {
  readonly name = "CompactLog1795980000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  "UPDATE vnic_graph_change SET kinds = kinds | 512 WHERE is_full",
  "ALTER TABLE vnic_graph_change ALTER host_id DROP NOT NULL, DROP is_full",
  // A table remembers a dropped column in each of its rows. Partitions that are still empty are made anew, without it.
  `DO $$ DECLARE each record;
   BEGIN
     FOR each IN SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'vnic_graph_change'::regclass
     LOOP
       CONTINUE WHEN (xpath('//has/text()', query_to_xml(
         format('SELECT EXISTS (SELECT FROM %I) AS has', each.name), false, false, '')))[1]::text = 'true';
       EXECUTE format('DROP TABLE %I', each.name);
       EXECUTE format('CREATE TABLE %I (LIKE vnic_graph_change INCLUDING ALL)', each.name);
       EXECUTE format('ALTER TABLE vnic_graph_change ATTACH PARTITION %I %s', each.name, each.bound);
     END LOOP;
   END $$`,
  // Each change of a VM writes its row here again, because lists are sorted by the time. It should fit on the same page.
  "ALTER TABLE vnic_graph_vm SET (fillfactor = 70)",
];

/** Older versions do not read the differences that are logged since. So the times of changes stay, and the past begins now. */
const DOWN = [
  "ALTER TABLE vnic_graph_vm RESET (fillfactor)",
  `UPDATE vnic_graph_change_log l SET kept_from = clock_timestamp(),
     dropped_tx = greatest(l.dropped_tx, (SELECT tx FROM vnic_graph_change ORDER BY tx DESC LIMIT 1))`,
  "TRUNCATE vnic_graph_address_span",

  "UPDATE vnic_graph_address_index SET cursor = NULL, is_built = false, built_to = NULL",
  "UPDATE vnic_graph_change SET delta = '{}', kinds = kinds & 511, host_id = coalesce(host_id, vm_id)",
  "ALTER TABLE vnic_graph_change ALTER host_id SET NOT NULL, ADD is_full boolean NOT NULL DEFAULT false",
];
