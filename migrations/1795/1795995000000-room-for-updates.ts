import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Leaves room in the pages of VMs' states. A VM whose addresses change stays on its page then, and PostgreSQL writes into none
 * of the six indexes. Pages that are full get the room as their rows change.
 */
export class RoomForUpdates1795995000000 implements MigrationInterface {
  readonly name = "RoomForUpdates1795995000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE vm_dynamic SET (fillfactor = 85)");
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE vm_dynamic RESET (fillfactor)");
  }
}
