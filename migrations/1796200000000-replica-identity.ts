import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Lets the tables without a key be replicated. In a database whose every table is published, as tools for change data capture and
 * for moves to another server have it, PostgreSQL refuses each UPDATE and DELETE of a table whose rows nothing identifies.
 * Costs nothing unless `wal_level` is `logical`. Partitions of the change log get theirs when they are made.
 */
export class ReplicaIdentity1796200000000 implements MigrationInterface {
  readonly name = "ReplicaIdentity1796200000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const table of TABLES) await queryRunner.query(`ALTER TABLE ${table} REPLICA IDENTITY FULL`);
    await queryRunner.query(PARTITIONS);
  }

  /** Partitions keep theirs, which another migration may have given them. */
  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of TABLES) await queryRunner.query(`ALTER TABLE ${table} REPLICA IDENTITY DEFAULT`);
  }
}

const TABLES = ["vm_guest_agent_interfaces", "vnic_graph_address_span"];

const PARTITIONS = `DO $$ DECLARE each regclass;
  BEGIN
    FOR each IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'vnic_graph_change'::regclass
    LOOP EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', each); END LOOP;
  END $$`;
