import type { MigrationInterface, QueryRunner } from "typeorm";

/** oVirt's tables as far as they are used, and ours beside them. */
export class InitialTables1795500000000 implements MigrationInterface {
  readonly name = "InitialTables1795500000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of TABLES_LAST_FIRST) await queryRunner.query(`DROP TABLE ${table}`);
  }
}

const UP = [
  `CREATE TABLE vds_static (
    vds_id uuid NOT NULL CONSTRAINT pk_vds_static PRIMARY KEY,
    vds_name varchar(255) NOT NULL,
    host_name varchar(255) NOT NULL,
    port integer NOT NULL
  )`,
  `CREATE TABLE vm_static (
    vm_guid uuid NOT NULL CONSTRAINT pk_vm_static PRIMARY KEY,
    vm_name varchar(255) NOT NULL,
    description varchar(4000) NOT NULL DEFAULT '',
    entity_type varchar(32) NOT NULL DEFAULT 'VM'
  )`,
  // Names sort by code point, whatever the database's collation: pages and their cursors never shift.
  `CREATE INDEX idx_vm_static_vm_name_vm_guid ON vm_static (vm_name COLLATE "C", vm_guid) WHERE entity_type = 'VM'`,
  `CREATE TABLE vm_dynamic (
    vm_guid uuid NOT NULL CONSTRAINT pk_vm_dynamic PRIMARY KEY
      CONSTRAINT vm_static_vm_dynamic REFERENCES vm_static (vm_guid) ON DELETE CASCADE,
    status integer NOT NULL,
    vm_ip text,
    vm_fqdn text DEFAULT '',
    run_on_vds uuid CONSTRAINT vds_static_vm_dynamic_r REFERENCES vds_static (vds_id),
    migrating_to_vds uuid CONSTRAINT vds_static_vm_dynamic_m REFERENCES vds_static (vds_id)
  )`,
  `CREATE INDEX idx_vm_dynamic_run_on_vds ON vm_dynamic (run_on_vds)`,
  `CREATE INDEX idx_vm_dynamic_migrating_to_vds ON vm_dynamic (migrating_to_vds) WHERE migrating_to_vds IS NOT NULL`,
  `CREATE INDEX idx_vm_dynamic_vm_ips ON vm_dynamic USING gin (string_to_array(vm_ip, ' '))`,
  `CREATE TABLE vm_interface (
    id uuid NOT NULL CONSTRAINT pk_vm_interface PRIMARY KEY,
    vm_guid uuid NOT NULL
      CONSTRAINT fk_vm_interface_vm_static REFERENCES vm_static (vm_guid) ON DELETE CASCADE,
    name varchar(50) NOT NULL,
    mac_addr varchar(20),
    linked boolean NOT NULL DEFAULT true
  )`,
  `CREATE INDEX idx_vm_interface_vm_guid ON vm_interface (vm_guid)`,
  `CREATE INDEX idx_vm_interface_mac_addr ON vm_interface (mac_addr)`,
  `CREATE TABLE vm_guest_agent_interfaces (
    vm_id uuid NOT NULL
      CONSTRAINT fk_vm_guest_agent_interfaces_vm_static REFERENCES vm_static (vm_guid) ON DELETE CASCADE,
    interface_name text,
    mac_address varchar(59),
    ipv4_addresses text,
    ipv6_addresses text
  )`,
  `CREATE INDEX idx_vm_guest_agent_interfaces_vm_id ON vm_guest_agent_interfaces (vm_id)`,
  `CREATE INDEX idx_vm_guest_agent_interfaces_addresses ON vm_guest_agent_interfaces USING gin
    (array_remove(string_to_array(coalesce(ipv4_addresses, '') || ',' || coalesce(ipv6_addresses, ''), ','), ''))`,
  // Every pass updates a row of this one: with room in the page, no index is touched and no page added.
  `CREATE TABLE vnic_graph_host (
    host_id uuid NOT NULL CONSTRAINT pk_vnic_graph_host PRIMARY KEY
      CONSTRAINT fk_vnic_graph_host_vds_static REFERENCES vds_static (vds_id) ON DELETE CASCADE,
    epoch bigint NOT NULL DEFAULT 0,
    active boolean NOT NULL DEFAULT true,
    from_settings boolean NOT NULL DEFAULT true,
    interval_ms integer,
    last_attempt_at timestamptz,
    last_success_at timestamptz,
    previous_success_at timestamptz,
    last_error_kind text,
    last_error text,
    vm_count integer,
    last_duration_ms integer
  ) WITH (fillfactor = 50)`,
  `CREATE TABLE vnic_graph_vm (
    vm_id uuid NOT NULL CONSTRAINT pk_vnic_graph_vm PRIMARY KEY
      CONSTRAINT fk_vnic_graph_vm_vm_static REFERENCES vm_static (vm_guid) ON DELETE CASCADE,
    contender_id uuid CONSTRAINT fk_vnic_graph_vm_vds_static REFERENCES vds_static (vds_id) ON DELETE SET NULL,
    inventory_hash text,
    silence text,
    missed_passes integer NOT NULL DEFAULT 0,
    last_reported_at timestamptz,
    interface_names text[]
  )`,
  `CREATE INDEX idx_vnic_graph_vm_contender_id ON vnic_graph_vm (contender_id) WHERE contender_id IS NOT NULL`,
  `CREATE TABLE vnic_graph_nic (
    nic_id uuid NOT NULL CONSTRAINT pk_vnic_graph_nic PRIMARY KEY
      CONSTRAINT fk_vnic_graph_nic_vm_interface REFERENCES vm_interface (id) ON DELETE CASCADE,
    network text NOT NULL
  )`,
];

const TABLES_LAST_FIRST = [
  "vnic_graph_nic",
  "vnic_graph_vm",
  "vnic_graph_host",
  "vm_guest_agent_interfaces",
  "vm_interface",
  "vm_dynamic",
  "vm_static",
  "vds_static",
];
