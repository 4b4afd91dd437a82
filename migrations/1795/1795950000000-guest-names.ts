import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Finds a guest by its name in any case, as REST's searches and the graph's filters ask for it, and a VM likewise. The
 * index of VMs' names is made anew for all rows: PostgreSQL does not use what it knows of the values in a partial index, took
 * one name for 500 VMs of 100,000, and read them all.
 */
export class GuestNames1795950000000 implements MigrationInterface {
  readonly name = "GuestNames1795950000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("DROP INDEX idx_vm_static_lower_name");
    await queryRunner.query(
      `CREATE INDEX idx_vm_static_lower_name ON vm_static (lower(vm_name COLLATE "C"))`,
    );
    await queryRunner.query(
      `CREATE INDEX idx_vm_dynamic_lower_fqdn ON vm_dynamic (lower(vm_fqdn COLLATE "C"))`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("DROP INDEX idx_vm_dynamic_lower_fqdn");
    await queryRunner.query("DROP INDEX idx_vm_static_lower_name");
    await queryRunner.query(
      `CREATE INDEX idx_vm_static_lower_name ON vm_static (lower(vm_name COLLATE "C") COLLATE "C") WHERE entity_type = 'VM'`,
    );
  }
}
