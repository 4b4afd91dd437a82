import type { MigrationInterface, QueryRunner } from "typeorm";

/** MACs of vNICs that a guest shows under a name that is left out. NULL until the VM's next pass. */
export class IgnoredMacs1795970000000 implements MigrationInterface {
  readonly name = "IgnoredMacs1795970000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE vnic_graph_vm ADD ignored_macs text");
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE vnic_graph_vm DROP ignored_macs");
  }
}
