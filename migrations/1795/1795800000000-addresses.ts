import type { MigrationInterface, QueryRunner } from "typeorm";

/** Guests' addresses as numbers, and indexes for what VMs are searched by. */
export class Addresses1795800000000 implements MigrationInterface {
  readonly name = "Addresses1795800000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `CREATE TABLE vnic_graph_address (
    vm_id uuid NOT NULL CONSTRAINT fk_vnic_graph_address_vm_static REFERENCES vm_static (vm_guid) ON DELETE CASCADE,
    address inet NOT NULL,
    CONSTRAINT pk_vnic_graph_address PRIMARY KEY (vm_id, address)
  )`,
  `INSERT INTO vnic_graph_address (vm_id, address)
    SELECT DISTINCT each.vm_id, each.word::inet
    FROM (
      SELECT vm_id, unnest(string_to_array(concat_ws(',', ipv4_addresses, ipv6_addresses), ',')) AS word
      FROM vm_guest_agent_interfaces
      UNION ALL
      SELECT vm_guid, unnest(string_to_array(vm_ip, ' ')) FROM vm_dynamic
    ) AS each
    WHERE each.word ~ '^[0-9]+[.][0-9.]+$' OR each.word ~ '^[0-9a-f:.]*:[0-9a-f:.]*$'`,
  `CREATE INDEX idx_vnic_graph_address_address ON vnic_graph_address (address, vm_id)`,
  `CREATE INDEX idx_vm_guest_agent_interfaces_mac_address ON vm_guest_agent_interfaces (mac_address)`,
  `CREATE INDEX idx_vm_guest_agent_interfaces_interface_name ON vm_guest_agent_interfaces (interface_name)`,
  `CREATE INDEX idx_vm_dynamic_vm_fqdn ON vm_dynamic (vm_fqdn) WHERE vm_fqdn <> ''`,
  `CREATE INDEX idx_vm_static_lower_name ON vm_static (lower(vm_name COLLATE "C") COLLATE "C") WHERE entity_type = 'VM'`,
  `CREATE INDEX idx_vnic_graph_nic_network ON vnic_graph_nic (network)`,
];

const DOWN = [
  "DROP INDEX idx_vnic_graph_nic_network",
  "DROP INDEX idx_vm_static_lower_name",
  "DROP INDEX idx_vm_dynamic_vm_fqdn",
  "DROP INDEX idx_vm_guest_agent_interfaces_interface_name",
  "DROP INDEX idx_vm_guest_agent_interfaces_mac_address",
  "DROP TABLE vnic_graph_address",
];
