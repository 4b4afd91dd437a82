import { formatId, formatIp, formatMac } from "../../support/databases/large-ids.js";

/**
 * 100,000 VMs on 250 hosts with 200,000 vNICs, 400,000 guest interfaces and 600,000 addresses, as statements for our own
 * tables. Every hundredth VM runs nowhere and has no address; one of ten has a bridge of containers.
 */
export const LARGE_FLEET = [
  `SET session_replication_role = replica`,
  `SET synchronous_commit = off`,
  `SET statement_timeout = 0`,
  `INSERT INTO vds_static (vds_id, vds_name, host_name, port)
    SELECT ${formatId("a", "n")}, 'host' || n, 'host' || n || '.example', 54321 FROM generate_series(1, 250) n`,
  `INSERT INTO vnic_graph_host (host_id, interval_ms, last_success_at)
    SELECT ${formatId("a", "n")}, 3600000, now() FROM generate_series(1, 250) n`,
  `INSERT INTO vm_static (vm_guid, vm_name) SELECT ${formatId("1", "n")}, 'vm-' || md5(n::text) FROM generate_series(1, 100000) n`,
  `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds, vm_ip, vm_fqdn)
    SELECT ${formatId("1", "n")}, CASE WHEN n % 100 = 0 THEN 0 ELSE 1 END,
      CASE WHEN n % 100 > 0 THEN ${formatId("a", "n % 250 + 1")} END,
      CASE WHEN n % 100 > 0 THEN ${formatIp("n")} || ' ' || ${formatLinkLocal("n")} END, 'vm' || n || '.example'
    FROM generate_series(1, 100000) n`,
  `INSERT INTO vnic_graph_vm (vm_id, changed_at, primary_address, interface_names, inventory_hash)
    SELECT ${formatId("1", "n")}, now() - n * interval '7 seconds', CASE WHEN n % 100 > 0 THEN (${formatIp("n")})::inet END,
      ARRAY['eth0', 'eth1', 'eth2', 'docker0'], 'h'
    FROM generate_series(1, 100000) n`,
  `INSERT INTO vm_interface (id, vm_guid, name, mac_addr)
    SELECT ${formatId("2", "n")}, ${formatId("1", "n % 100000 + 1")}, 'nic' || n / 100001 + 1, ${formatMac("n")}
    FROM generate_series(1, 200000) n`,
  `INSERT INTO vnic_graph_nic (nic_id, vm_id, network)
    SELECT ${formatId("2", "n")}, ${formatId("1", "n % 100000 + 1")}, 'net' || n % 50 FROM generate_series(1, 200000) n`,
  `INSERT INTO vm_guest_agent_interfaces
    SELECT ${formatId("1", "n % 100000 + 1")},
      CASE WHEN n > 300000 AND n % 10 = 0 THEN 'docker0' ELSE 'eth' || (n - 1) / 100000 END, ${formatMac("n")},
      CASE WHEN n > 300000 AND n % 10 = 0 THEN '172.17.0.1' WHEN n <= 100000 THEN ${formatIp("n % 100000 + 1")} ELSE '' END,
      ${formatLinkLocal("n")}
    FROM generate_series(1, 400000) n WHERE (n % 100000 + 1) % 100 > 0`,
  `INSERT INTO vnic_graph_address (vm_id, address)
    SELECT DISTINCT i.vm_id, word::inet
    FROM vm_guest_agent_interfaces i, unnest(string_to_array(concat_ws(',', i.ipv4_addresses, i.ipv6_addresses), ',')) AS word
    WHERE word <> ''`,
  `INSERT INTO vnic_graph_drift (vm_id, kind, key, nic_id)
    SELECT ${formatId("1", "n")}, CASE WHEN n % 10 = 0 THEN 4 ELSE 7 END, 'x' || n, ${formatId("2", "n")}
    FROM generate_series(1, 100000) n`,
  `SET session_replication_role = DEFAULT`,
  `RESET statement_timeout`,
  `VACUUM (ANALYZE)`,
];

function formatLinkLocal(n: string): string {
  return `'fe80::' || to_hex(${n} / 65536) || ':' || to_hex(${n} % 65536)`;
}
