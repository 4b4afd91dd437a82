import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Lets the next migration write the change log where it is published for replication. PostgreSQL refuses each UPDATE and DELETE of
 * a published table whose rows nothing identifies. Where that migration has run already, nothing is to do, and no table is locked.
 */
export class IdentityOfChanges1795975000000 implements MigrationInterface {
  readonly name = "IdentityOfChanges1795975000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(identifyBy("FULL"));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(identifyBy("DEFAULT"));
  }
}

function identifyBy(identity: "FULL" | "DEFAULT"): string {
  return `DO $$ DECLARE each regclass;
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_attribute
        WHERE attrelid = 'vnic_graph_change'::regclass AND attname = 'is_full' AND NOT attisdropped) THEN RETURN; END IF;
      FOR each IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'vnic_graph_change'::regclass
      LOOP EXECUTE format('ALTER TABLE %s REPLICA IDENTITY ${identity}', each); END LOOP;
    END $$`;
}
