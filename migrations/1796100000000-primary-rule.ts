import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * By which rule the stored primary addresses were found, and up to which VM they were found anew. The index of addresses finds them
 * anew, some VMs at a time, when the rule has changed.
 */
export class PrimaryRule1796100000000 implements MigrationInterface {
  readonly name = "PrimaryRule1796100000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      "ALTER TABLE vnic_graph_address_index ADD COLUMN primary_rule int, ADD COLUMN primary_to uuid",
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      "ALTER TABLE vnic_graph_address_index DROP COLUMN primary_rule, DROP COLUMN primary_to",
    );
  }
}
