import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Since when a guest's data are stale, and since when a host's passes fail. NULL for what began before: the last report
 * and the last success then tell since when nothing newer is known.
 */
export class StaleTimes1795940000000 implements MigrationInterface {
  readonly name = "StaleTimes1795940000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE vnic_graph_vm ADD stale_since timestamptz");
    await queryRunner.query("ALTER TABLE vnic_graph_host ADD failing_since timestamptz");
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE vnic_graph_host DROP failing_since");
    await queryRunner.query("ALTER TABLE vnic_graph_vm DROP stale_since");
  }
}
