import type { MigrationInterface, QueryRunner } from "typeorm";

/** Drops the indexes of addresses as text: searches go by `vnic_graph_address`, and each pass paid for both. */
export class AddressSearches1795920000000 implements MigrationInterface {
  readonly name = "AddressSearches1795920000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("DROP INDEX idx_vm_dynamic_vm_ips");
    await queryRunner.query("DROP INDEX idx_vm_guest_agent_interfaces_addresses");
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      "CREATE INDEX idx_vm_dynamic_vm_ips ON vm_dynamic USING gin (string_to_array(vm_ip, ' '))",
    );
    await queryRunner.query(
      `CREATE INDEX idx_vm_guest_agent_interfaces_addresses ON vm_guest_agent_interfaces USING gin (
        array_remove(string_to_array(coalesce(ipv4_addresses, '') || ',' || coalesce(ipv6_addresses, ''), ','), ''))`,
    );
  }
}
