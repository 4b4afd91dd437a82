import type pg from "pg";

/** Inserts the rows that every peer reads: 3 vNICs and 4 guest interfaces a VM, of which three have a vNIC's MAC. */
export async function fillReadFleet(client: pg.Client, vms: number): Promise<void> {
  const mac = `'56:6f:' || regexp_replace(lpad(to_hex(v * 4 + n), 8, '0'), '(..)(..)(..)(..)', '\\1:\\2:\\3:\\4')`;
  for (const statement of [
    `INSERT INTO vds_static (vds_id, vds_name, host_name, port)
     SELECT ${formatId("h", "a")}, 'host-' || h, 'host-' || h || '.example.org', 54321 FROM generate_series(1, ${HOSTS}) h`,
    `INSERT INTO vnic_graph_host (host_id, last_attempt_at, last_success_at) SELECT vds_id, now(), now() FROM vds_static`,
    `INSERT INTO vm_static (vm_guid, vm_name)
     SELECT ${formatId("v", "b")}, 'vm-' || lpad(v::text, 7, '0') FROM generate_series(1, ${vms}) v`,
    `INSERT INTO vm_dynamic (vm_guid, status, vm_ip, run_on_vds)
     SELECT ${formatId("v", "b")}, 1, ${IPV4}, ${formatId(`(1 + v % ${HOSTS})`, "a")} FROM generate_series(1, ${vms}) v`,
    `INSERT INTO vnic_graph_vm (vm_id, inventory_hash, interface_names)
     SELECT vm_guid, 'x', ARRAY['eth0', 'eth1', 'eth2', 'eth3'] FROM vm_static`,
    `INSERT INTO vm_interface (id, vm_guid, name, mac_addr)
     SELECT ${formatId("(v * 4 + n)", "c")}, ${formatId("v", "b")}, 'nic' || n, ${mac}
     FROM generate_series(1, ${vms}) v, generate_series(1, 3) n`,
    `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name, mac_address, ipv4_addresses, ipv6_addresses)
     SELECT ${formatId("v", "b")}, 'eth' || n, ${mac}, ${IPV4}, '2001:db8:' || n || '::' || to_hex(v)
     FROM generate_series(1, ${vms}) v, generate_series(0, 3) n`,
    // Each VM's first interface has just got another address.
    `INSERT INTO vnic_graph_change (at, tx, seq, vm_id, kinds, delta)
     SELECT date_trunc('second', now()), '3', nextval('vnic_graph_change_seq'), ${formatId("v", "b")}, 80,
       format('{"upd":[0,"4",["%s","%s"]]}', ${PAST_IPV4}, ${IPV4})::json FROM generate_series(1, ${vms}) v`,
    "UPDATE vnic_graph_change_log SET kept_from = now() - interval '1 hour'",
    ...PEER_VIEWS,
    `INSERT INTO peer.device_span SELECT vm_id, interface_name, mac_address, ipv4_addresses, ipv6_addresses,
       CASE interface_name WHEN 'eth0' THEN date_trunc('second', now()) ELSE '-infinity' END, 'infinity' FROM vm_guest_agent_interfaces`,
    `INSERT INTO peer.device_span SELECT vm_id, interface_name, mac_address, replace(ipv4_addresses, '10.', '11.'), ipv6_addresses,
       '-infinity', date_trunc('second', now()) FROM vm_guest_agent_interfaces WHERE interface_name = 'eth0'`,
    "CREATE INDEX ON peer.device_span (vm_id)",
    "VACUUM ANALYZE",
  ]) {
    await client.query(statement);
  }
}

/** Reads an instant before the only change of each VM. */
export async function readPastInstant(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ at: Date }>(
    "SELECT at - interval '1 millisecond' AS at FROM vnic_graph_change LIMIT 1",
  );
  return rows[0]!.at.toISOString();
}

/** Formats the id of the VM with this number, as {@link fillReadFleet} gives it. */
export function formatVmId(vm: number): string {
  return `b0000000-0000-4000-8000-${vm.toString(16).padStart(12, "0")}`;
}

/** Formats the MAC of a VM's first vNIC. */
export function formatFirstMac(vm: number): string {
  const digits = (vm * 4 + 1).toString(16).padStart(8, "0");
  return `56:6f:${digits.replaceAll(/(..)(?!$)/g, "$1:")}`;
}

function formatId(column: string, first: string): string {
  return `('${first}0000000-0000-4000-8000-' || lpad(to_hex(${column}), 12, '0'))::uuid`;
}

const HOSTS = 100;
const IPV4 = `'10.' || (v >> 16) || '.' || ((v >> 8) & 255) || '.' || (v & 255)`;

const PAST_IPV4 = IPV4.replace("10.", "11.");

/** Views for PostGraphile, which takes names and relations from the database. They have our names. */
const PEER_VIEWS = [
  "CREATE SCHEMA peer",
  `CREATE VIEW peer.vm AS SELECT s.vm_guid AS id, s.vm_name AS name,
     CASE d.status WHEN 1 THEN 'UP' WHEN 0 THEN 'DOWN' ELSE 'UNKNOWN' END AS status
   FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid`,
  `CREATE VIEW peer.nic AS SELECT id, vm_guid AS vm_id, name, mac_addr AS mac_address FROM vm_interface`,
  `CREATE VIEW peer.device AS SELECT vm_id, interface_name AS name, mac_address,
     string_to_array(coalesce(ipv4_addresses, ''), ',') AS ipv4_addresses,
     string_to_array(coalesce(ipv6_addresses, ''), ',') AS ipv6_addresses FROM vm_guest_agent_interfaces`,
  // A table of the past as one would design it for this question: each state of an interface with its time.
  `CREATE TABLE peer.device_span (vm_id uuid, name text, mac_address text, ipv4 text, ipv6 text, since timestamptz, until timestamptz)`,
  `COMMENT ON VIEW peer.vm IS E'@primaryKey id'`,
  `COMMENT ON VIEW peer.nic IS E'@primaryKey id\\n@foreignKey (vm_id) references peer.vm (id)\\n@foreignKey (vm_id, mac_address) references peer.device (vm_id, mac_address)'`,
  `COMMENT ON VIEW peer.device IS E'@primaryKey vm_id,mac_address\\n@foreignKey (vm_id) references peer.vm (id)'`,
];
