import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Finds VMs by an interface's name and by a network's in any case, as filters ask for them: no index was of any use for that, and
 * PostgreSQL did not know how frequent a name is. Finds stale VMs, where few are. PostgreSQL knows how frequent a value of an
 * expression is only after ANALYZE.
 */
export class TextSearches1796300000000 implements MigrationInterface {
  readonly name = "TextSearches1796300000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

/** Indexes are dropped last: only then do readers wait. */
const UP: readonly string[] = [
  `CREATE INDEX idx_vm_guest_agent_interfaces_lower_name ON vm_guest_agent_interfaces (lower(interface_name COLLATE "C"))`,
  `CREATE INDEX idx_vnic_graph_nic_lower_network ON vnic_graph_nic (lower(network COLLATE "C"))`,
  `CREATE INDEX idx_vnic_graph_vm_stale ON vnic_graph_vm (vm_id)
    WHERE missed_passes > 0 OR silence IN ('absent', 'silent', 'invalid', 'partial')`,
  "ANALYZE vm_guest_agent_interfaces, vnic_graph_nic",
  "DROP INDEX idx_vm_guest_agent_interfaces_interface_name",
  "DROP INDEX idx_vnic_graph_nic_network",
];

const DOWN: readonly string[] = [
  "CREATE INDEX idx_vnic_graph_nic_network ON vnic_graph_nic (network)",
  "CREATE INDEX idx_vm_guest_agent_interfaces_interface_name ON vm_guest_agent_interfaces (interface_name)",
  "DROP INDEX idx_vnic_graph_vm_stale",
  "DROP INDEX idx_vnic_graph_nic_lower_network",
  "DROP INDEX idx_vm_guest_agent_interfaces_lower_name",
];
