import type { MigrationInterface, QueryRunner } from "typeorm";
import { findPrimaryAddress, findPrimaryOfAddresses } from "../../src/model/address/primary-address.js";

/**
 * What lists of VMs are sorted by: when each changed last, and the address by which to reach its guest. For VMs that are
 * stored already both are found once here: the time from the log, the address by the same rule as ever after.
 */
export class ListOrders1795930000000 implements MigrationInterface {
  readonly name = "ListOrders1795930000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("ALTER TABLE vnic_graph_vm ADD changed_at timestamptz, ADD primary_address inet");
    for (let last: string | undefined = BEFORE_ALL; last !== undefined;) {
      const vms = (await queryRunner.query(SELECT, [last, VMS_AT_ONCE])) as VmRow[];
      await queryRunner.query(UPDATE, [vms.map(({ id }) => id), vms.map(findAddress)]);
      last = vms.at(-1)?.id;
    }
    for (const statement of INDEXES) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("DROP INDEX idx_vm_dynamic_no_host");
    await queryRunner.query("DROP INDEX idx_vm_dynamic_status");
    // Their indexes go with them.
    await queryRunner.query("ALTER TABLE vnic_graph_vm DROP changed_at, DROP primary_address");
  }
}

const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";
const VMS_AT_ONCE = 2_000;

interface VmRow {
  readonly id: string;
  readonly areInterfacesKnown: boolean;
  readonly ips: string | null;
  readonly interfaces: readonly InterfaceRow[] | null;
  readonly nics: readonly NicRow[] | null;
}

interface InterfaceRow {
  readonly name: string | null;
  readonly mac: string | null;
  readonly v4: string | null;
  readonly v6: string | null;
}

interface NicRow {
  readonly name: string;
  readonly mac: string | null;
}

function findAddress({ areInterfacesKnown, ips, interfaces, nics }: VmRow): string | null {
  if (!areInterfacesKnown) return findPrimaryOfAddresses(split(ips, " "))?.address ?? null;
  const found = findPrimaryAddress(
    (interfaces ?? []).map(({ name, mac, v4, v6 }) => ({
      name,
      macAddress: mac,
      ipv4Addresses: split(v4, ","),
      ipv6Addresses: split(v6, ","),
    })),
    (nics ?? []).map(({ name, mac }) => ({ name, macAddress: mac, network: null })),
  );
  return found?.address ?? null;
}

function split(text: string | null, separator: string): readonly string[] {
  return (text ?? "").split(separator).filter((each) => each !== "");
}

const SELECT = `SELECT r.vm_id AS id, d.vm_ip AS ips,
    r.silence IS NULL OR r.silence IN ('silent', 'partial') OR (r.silence = 'invalid' AND i.told IS NOT NULL)
      AS "areInterfacesKnown",
    i.told AS interfaces, n.told AS nics
  FROM (SELECT * FROM vnic_graph_vm WHERE vm_id > $1 ORDER BY vm_id LIMIT $2) r
  JOIN vm_dynamic d ON d.vm_guid = r.vm_id
  LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('name', g.interface_name, 'mac', g.mac_address, 'v4', g.ipv4_addresses,
      'v6', g.ipv6_addresses) ORDER BY array_position(r.interface_names, g.interface_name)) AS told
    FROM vm_guest_agent_interfaces g WHERE g.vm_id = r.vm_id) i ON true
  LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('name', v.name, 'mac', v.mac_addr) ORDER BY v.id) AS told
    FROM vm_interface v WHERE v.vm_guid = r.vm_id) n ON true
  ORDER BY r.vm_id`;

const UPDATE = `UPDATE vnic_graph_vm r SET primary_address = g.address,
    changed_at = (SELECT c.at FROM vnic_graph_change c WHERE c.vm_id = g.id ORDER BY c.at DESC LIMIT 1)
  FROM unnest($1::uuid[], $2::inet[]) AS g (id, address) WHERE r.vm_id = g.id`;

const INDEXES = [
  "CREATE INDEX idx_vnic_graph_vm_changed_at ON vnic_graph_vm (changed_at, vm_id)",
  "CREATE INDEX idx_vnic_graph_vm_not_changed ON vnic_graph_vm (vm_id) WHERE changed_at IS NULL",
  "CREATE INDEX idx_vnic_graph_vm_primary_address ON vnic_graph_vm (primary_address, vm_id)",
  "CREATE INDEX idx_vnic_graph_vm_no_address ON vnic_graph_vm (vm_id) WHERE primary_address IS NULL",
  "CREATE INDEX idx_vm_dynamic_status ON vm_dynamic (status, vm_guid)",
  "CREATE INDEX idx_vm_dynamic_no_host ON vm_dynamic (vm_guid) WHERE run_on_vds IS NULL",
];
