import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * The addresses that several VMs have, which the index of addresses keeps beside its spans. `shared_to` says by which rule, and up to
 * which cursor. The index fills the table with its next step.
 */
export class SharedAddresses1796000000000 implements MigrationInterface {
  readonly name = "SharedAddresses1796000000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      "CREATE TABLE vnic_graph_shared_address (address inet CONSTRAINT pk_vnic_graph_shared_address PRIMARY KEY)",
    );
    await queryRunner.query("ALTER TABLE vnic_graph_address_index ADD COLUMN shared_to text");
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE vnic_graph_address_index DROP COLUMN shared_to");
    await queryRunner.query("DROP TABLE vnic_graph_shared_address");
  }
}
