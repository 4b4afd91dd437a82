import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Who had which address when: spans of time, made from the change log by one gateway at a time, and how far that got.
 * `since` is `-infinity` where the log does not reach back to the beginning, `until` is `infinity` while the VM has the address.
 */
export class AddressSpans1795910000000 implements MigrationInterface {
  readonly name = "AddressSpans1795910000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `CREATE TABLE vnic_graph_address_span (
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    since_seq bigint NOT NULL,
    vm_id uuid NOT NULL,
    address text COLLATE "C" NOT NULL,
    mac text COLLATE "C",
    device text COLLATE "C"
  )`,
  `CREATE INDEX idx_vnic_graph_address_span_address ON vnic_graph_address_span (address, since)`,
  `CREATE INDEX idx_vnic_graph_address_span_mac ON vnic_graph_address_span (mac, since) WHERE mac IS NOT NULL`,
  `CREATE INDEX idx_vnic_graph_address_span_open ON vnic_graph_address_span (vm_id) WHERE until = 'infinity'`,
  `CREATE INDEX idx_vnic_graph_address_span_ended ON vnic_graph_address_span (until) WHERE until < 'infinity'`,
  // One row: how far the log was followed. Without a cursor, the spans are still to be made.
  `CREATE TABLE vnic_graph_address_index (
    id boolean NOT NULL DEFAULT true CONSTRAINT pk_vnic_graph_address_index PRIMARY KEY CHECK (id),
    cursor text,
    mark_xid text,
    mark_seq bigint,
    built_to uuid,
    is_built boolean NOT NULL DEFAULT false,
    written_at timestamptz NOT NULL DEFAULT now()
  )`,
  `INSERT INTO vnic_graph_address_index DEFAULT VALUES`,
];

const DOWN = ["DROP TABLE vnic_graph_address_index", "DROP TABLE vnic_graph_address_span"];
