import type { MigrationInterface, QueryRunner } from "typeorm";

/** What of a report could not be read: in words, beside the VM and beside its host. */
export class ReportDetails1795600000000 implements MigrationInterface {
  readonly name = "ReportDetails1795600000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE vnic_graph_vm ADD stale_detail text");
    await queryRunner.query("ALTER TABLE vnic_graph_host ADD last_warning text");
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE vnic_graph_host DROP last_warning");
    await queryRunner.query("ALTER TABLE vnic_graph_vm DROP stale_detail");
  }
}
