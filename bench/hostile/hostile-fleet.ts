import type pg from "pg";

/** The sizes of the fleet in the database to which hostile queries are sent. */
export interface FleetSize {
  readonly hosts: number;
  readonly vms: number;
}

/** Fills an empty, migrated database: 3 vNICs and 4 guest interfaces a VM, the VMs spread evenly over the hosts. */
export async function fillFleet(client: pg.Client, { hosts, vms }: FleetSize): Promise<void> {
  const id = (column: string, first: string) =>
    `('${first}0000000-0000-4000-8000-' || lpad(to_hex(${column}), 12, '0'))::uuid`;
  const mac = `'56:6f:' || regexp_replace(lpad(to_hex(v * 4 + n), 8, '0'), '(..)(..)(..)(..)', '\\1:\\2:\\3:\\4')`;
  for (const statement of [
    `INSERT INTO vds_static (vds_id, vds_name, host_name, port)
     SELECT ${id("h", "a")}, 'host-' || h, 'host-' || h || '.example.org', 54321 FROM generate_series(1, ${hosts}) h`,
    `INSERT INTO vnic_graph_host (host_id, last_attempt_at, last_success_at) SELECT vds_id, now(), now() FROM vds_static`,
    `INSERT INTO vm_static (vm_guid, vm_name)
     SELECT ${id("v", "b")}, 'vm-' || lpad(v::text, 7, '0') FROM generate_series(1, ${vms}) v`,
    `INSERT INTO vm_dynamic (vm_guid, status, vm_ip, run_on_vds)
     SELECT ${id("v", "b")}, 1, '10.' || (v >> 16) || '.' || ((v >> 8) & 255) || '.' || (v & 255), ${id(`(1 + v % ${hosts})`, "a")}
     FROM generate_series(1, ${vms}) v`,
    `INSERT INTO vnic_graph_vm (vm_id) SELECT vm_guid FROM vm_static`,
    `INSERT INTO vm_interface (id, vm_guid, name, mac_addr)
     SELECT ${id("(v * 4 + n)", "c")}, ${id("v", "b")}, 'nic' || n, ${mac}
     FROM generate_series(1, ${vms}) v, generate_series(1, 3) n`,
    `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name, mac_address, ipv4_addresses, ipv6_addresses)
     SELECT ${id("v", "b")}, 'eth' || n, ${mac},
            '10.' || (v >> 16) || '.' || ((v >> 8) & 255) || '.' || (v & 255), '2001:db8::' || to_hex(v)
     FROM generate_series(1, ${vms}) v, generate_series(0, 3) n`,
    "ANALYZE",
  ]) {
    await client.query(statement);
  }
}
