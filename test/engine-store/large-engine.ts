import { formatId, formatIp, formatIpv6, formatMac } from "../support/databases/large-ids.js";

/** Lists statements for the engine's role that make 100,000 VMs with 200,000 vNICs and 400,000 guest interfaces. */
export const listLargeEngine = (hosts: number): readonly string[] => [
  `SET session_replication_role = replica`,
  `SET synchronous_commit = off`,
  `INSERT INTO network (id, name) SELECT ${formatId("3", "n")}, 'net' || n FROM generate_series(1, 50) n`,
  `INSERT INTO vnic_profiles (id, name, network_id) SELECT ${formatId("4", "n")}, 'p' || n, ${formatId("3", "n")}
    FROM generate_series(1, 50) n`,
  `INSERT INTO vds_static (vds_id, vds_name, host_name, port)
    SELECT ${formatId("a", "n")}, 'host' || n, 'host' || n || '.example', 54321 FROM generate_series(1, ${hosts}) n`,
  `INSERT INTO vds_dynamic (vds_id, status) SELECT ${formatId("a", "n")}, 3 FROM generate_series(1, ${hosts}) n`,
  `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid, description)
    SELECT ${formatId("1", "n")}, 'vm-' || md5(n::text), CASE WHEN n % 100 = 0 THEN 'TEMPLATE' ELSE 'VM' END,
      ${formatId("1", "1")}, repeat('x', 200)
    FROM generate_series(1, 101000) n`,
  `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds, vm_ip, guest_agent_nics_hash)
    SELECT ${formatId("1", "n")}, 1, ${formatId("a", `n % ${hosts} + 1`)}, ${formatIp("n")}, n
    FROM generate_series(1, 101000) n WHERE n % 100 <> 0`,
  `INSERT INTO vm_interface (id, vm_guid, name, mac_addr, vnic_profile_id)
    SELECT ${formatId("2", "n")}, ${formatId("1", "n % 101000 + 1")}, 'nic' || n / 101000 + 1, ${formatMac("n")},
      ${formatId("4", "n % 50 + 1")}
    FROM generate_series(1, 202000) n`,
  `INSERT INTO vm_device (device_id, vm_id, type, device, is_plugged)
    SELECT ${formatId("2", "n")}, ${formatId("1", "n % 101000 + 1")}, 'interface', 'bridge', true
    FROM generate_series(1, 202000) n`,
  `INSERT INTO vm_guest_agent_interfaces
    SELECT ${formatId("1", "n % 101000 + 1")}, 'eth' || n / 101000, ${formatMac("n")}, ${formatIp("n")}, ${formatIpv6("n")}
    FROM generate_series(1, 404000) n WHERE (n % 101000 + 1) % 100 <> 0`,
  `SET session_replication_role = DEFAULT`,
  `VACUUM (ANALYZE)`,
];
