import fc from "fast-check";

/** Chooses VMs by chance, a part of all that is as large as the hexadecimal digit is: 4 chooses a quarter. `$` is a number by chance. */
function createChoice(part: string): (column: string) => string {
  return (column) => `md5(md5(${column}::text) || '$') < '${part}'`;
}

/**
 * Lists statements by which an engine, or somebody in its database, may change what the primary addresses of some VMs go by. `$`
 * is a number by chance.
 */
export function listAddressChanges(part: string): readonly string[] {
  const some = createChoice(part);
  return [
    `UPDATE vm_guest_agent_interfaces SET ipv4_addresses = '10.$.1.2' WHERE ${some("vm_id")}`,
    `UPDATE vm_guest_agent_interfaces SET ipv6_addresses = '2001:db8::$' WHERE ${some("vm_id")}`,
    `UPDATE vm_guest_agent_interfaces SET ipv4_addresses = NULL, ipv6_addresses = '' WHERE ${some("vm_id")}`,
    `UPDATE vm_guest_agent_interfaces SET interface_name = 'docker0' WHERE ${some("vm_id")}`,
    `UPDATE vm_guest_agent_interfaces SET interface_name = 'eth$' WHERE ${some("vm_id")}`,
    `UPDATE vm_guest_agent_interfaces SET mac_address = '02:00:00:00:00:$' WHERE ${some("vm_id")}`,
    `DELETE FROM vm_guest_agent_interfaces WHERE ${some("vm_id")}`,
    `INSERT INTO vm_guest_agent_interfaces
      SELECT vm_guid, 'ens$', '02:00:00:00:01:$', '192.168.$.7', NULL FROM vm_static WHERE ${some("vm_guid")}`,
    `UPDATE vm_interface SET mac_addr = '02:00:00:00:00:$' WHERE ${some("vm_guid")}`,
    `UPDATE vm_interface SET name = 'nic' || 9 - right(name, 1)::int WHERE name ~ '^nic[1-8]$' AND ${some("vm_guid")}`,
    `DELETE FROM vm_interface WHERE ${some("id")}`,
    `UPDATE vm_dynamic SET status = 0 WHERE ${some("vm_guid")}`,
    `UPDATE vm_dynamic SET status = 1 WHERE ${some("vm_guid")}`,
    `UPDATE vm_dynamic SET vm_ip = '10.77.$.1' WHERE ${some("vm_guid")}`,
    `UPDATE vm_dynamic SET guest_agent_nics_hash = $ % 2 WHERE ${some("vm_guid")}`,
    `DELETE FROM vm_dynamic WHERE ${some("vm_guid")} AND $ > 80`,
    `INSERT INTO vm_dynamic (vm_guid, status, vm_ip)
      SELECT vm_guid, 1, '10.88.$.1' FROM vm_static WHERE ${some("vm_guid")} ON CONFLICT DO NOTHING`,
  ];
}

/** Lists statements by which VMs get other names, hosts and states, and come and go, by the value that they change. */
export function listMoves(
  part: string,
): Readonly<Record<"NAME" | "HOST" | "STATUS" | "ID", readonly string[]>> {
  const some = createChoice(part);
  const anyHost = "(SELECT vds_id FROM vds_static ORDER BY md5(vds_id::text || '$') LIMIT 1)";
  return {
    NAME: [
      `UPDATE vm_static SET vm_name = 'vm-00$' WHERE ${some("vm_guid")}`,
      `UPDATE vm_static SET vm_name = 'VM_00' || right(vm_guid::text, 2) WHERE ${some("vm_guid")}`,
    ],
    HOST: [
      `UPDATE vm_dynamic SET run_on_vds = ${anyHost} WHERE ${some("vm_guid")}`,
      `UPDATE vm_dynamic SET run_on_vds = NULL WHERE ${some("vm_guid")}`,
      `UPDATE vds_static SET vds_name = 'host-' || left(md5('$'), 1) WHERE vds_id = ${anyHost}`,
    ],
    STATUS: [
      `UPDATE vm_dynamic SET status = (ARRAY[0, 1, 4, 8, 15])[1 + $ % 5] WHERE ${some("vm_guid")}`,
      `DELETE FROM vm_dynamic WHERE ${some("vm_guid")}`,
    ],
    ID: [
      `DELETE FROM vm_static WHERE ${some("vm_guid")}`,
      `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid)
        SELECT n.id, 'vm-00$', 'VM', n.id FROM (SELECT md5('$' || n)::uuid AS id FROM generate_series(1, 3) n) n
        ON CONFLICT DO NOTHING`,
    ],
  };
}

/** Creates the choice of one of the changes, with a number by chance. */
export function createAnyChange(changes: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: 10, max: 99 }))
    .map(([change, number]) => change.replaceAll(/(?<!\^nic\[1-8\])\$/g, String(number)));
}
