import type { MigrationInterface, QueryRunner } from "typeorm";

/** Which gateways run, which hosts each one's settings name, and who polls a host at this moment. */
export class Gateways1795610000000 implements MigrationInterface {
  readonly name = "Gateways1795610000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("DROP TABLE vnic_graph_gateway_host");
    await queryRunner.query("DROP TABLE vnic_graph_gateway");
    for (const column of CLAIM_COLUMNS) {
      await queryRunner.query(`ALTER TABLE vnic_graph_host DROP COLUMN ${column.split(" ")[0] ?? ""}`);
    }
  }
}

const CLAIM_COLUMNS = [
  "claimed_by uuid",
  "claimed_until timestamptz",
  "wanted_by uuid",
  "wanted_until timestamptz",
  "waiting_since timestamptz",
];

const UP = [
  `CREATE TABLE vnic_graph_gateway (
    gateway_id uuid NOT NULL CONSTRAINT pk_vnic_graph_gateway PRIMARY KEY,
    name text NOT NULL,
    interval_ms integer,
    alive_until timestamptz NOT NULL,
    leased_until timestamptz NOT NULL
  ) WITH (fillfactor = 50)`,
  `CREATE TABLE vnic_graph_gateway_host (
    gateway_id uuid NOT NULL CONSTRAINT fk_vnic_graph_gateway_host_gateway
      REFERENCES vnic_graph_gateway (gateway_id) ON DELETE CASCADE,
    host_id uuid NOT NULL CONSTRAINT fk_vnic_graph_gateway_host_vds_static
      REFERENCES vds_static (vds_id) ON DELETE CASCADE,
    CONSTRAINT pk_vnic_graph_gateway_host PRIMARY KEY (gateway_id, host_id)
  )`,
  `CREATE INDEX idx_vnic_graph_gateway_host_host_id ON vnic_graph_gateway_host (host_id)`,
  ...CLAIM_COLUMNS.map((column) => `ALTER TABLE vnic_graph_host ADD ${column}`),
];
