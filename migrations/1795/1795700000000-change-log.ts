import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * The log of what readers saw change. Partitioned by time, so that old parts can be dropped; a gateway makes the
 * partitions to come. `seq` gives the order, and `tx` tells which rows a reader has seen.
 */
export class ChangeLog1795700000000 implements MigrationInterface {
  readonly name = "ChangeLog1795700000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `CREATE SEQUENCE vnic_graph_change_seq`,
  // Wide columns first: nothing is lost to alignment.
  `CREATE TABLE vnic_graph_change (
    at timestamptz NOT NULL,
    tx xid8 NOT NULL,
    seq bigint NOT NULL,
    last_reported_at timestamptz,
    vm_id uuid,
    host_id uuid NOT NULL,
    kinds smallint NOT NULL,
    is_full boolean NOT NULL,
    delta json NOT NULL
  ) PARTITION BY RANGE (at)`,
  `CREATE INDEX idx_vnic_graph_change_seq ON vnic_graph_change (seq)`,
  `CREATE INDEX idx_vnic_graph_change_vm_id_at ON vnic_graph_change (vm_id, at)`,
  // One row: what holds for the log as a whole.
  `CREATE TABLE vnic_graph_change_log (
    id boolean NOT NULL DEFAULT true CONSTRAINT pk_vnic_graph_change_log PRIMARY KEY CHECK (id),
    system_id text NOT NULL,
    first_seq bigint NOT NULL DEFAULT 0,
    kept_from timestamptz NOT NULL DEFAULT now(),
    dropped_tx xid8 NOT NULL DEFAULT '0'
  )`,
  `INSERT INTO vnic_graph_change_log (system_id)
   SELECT system_identifier::text FROM pg_control_system()`,
  // A first partition, until a gateway makes those that its settings ask for.
  `DO $$ DECLARE
     first_at timestamp := date_trunc('hour', now() AT TIME ZONE 'UTC');
     end_at timestamp := date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 day';
   BEGIN
     IF end_at < first_at + interval '6 hours' THEN end_at := end_at + interval '1 day'; END IF;
     EXECUTE format('CREATE TABLE vnic_graph_change_%s_%s PARTITION OF vnic_graph_change FOR VALUES FROM (%L) TO (%L)',
       to_char(first_at, 'YYYYMMDDHH24'), to_char(end_at, 'YYYYMMDDHH24'),
       to_char(first_at, 'YYYY-MM-DD HH24:MI:SS') || '+00', to_char(end_at, 'YYYY-MM-DD HH24:MI:SS') || '+00');
   END $$`,
];

const DOWN = [
  `DROP TABLE vnic_graph_change`,
  `DROP TABLE vnic_graph_change_log`,
  `DROP SEQUENCE vnic_graph_change_seq`,
];
