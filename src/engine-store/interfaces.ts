import { normalizeReportedMac } from "../model/mac.js";
import type { DataSource } from "typeorm";
import type { GuestInterface, Nic } from "../store/types.js";
import { UNKNOWN_INTERFACE } from "../store/read/interface-columns.js";
import { SqlParameters, rowsOf } from "../store/postgres/sql.js";
import { parseIpv4List, parseIpv6List } from "./normalize.js";
import type { Visible } from "./vm-conditions.js";

/**
 * The interfaces of guests, row by row: the satellite has no key and may hold equal rows. It keeps no order either; where
 * a row lies is the nearest thing to when it was inserted, and the same at every reading.
 */
export async function readGuestInterfaces(
  dataSource: DataSource,
  vmIds: readonly string[],
  visible: Visible,
): Promise<GuestInterface[]> {
  const parameters = new SqlParameters();
  const rows = await rowsOf<EngineInterface>(
    dataSource,
    `SELECT g.vm_id AS "vmId", g.interface_name AS name, g.mac_address AS mac, g.ipv4_addresses AS ipv4,
        g.ipv6_addresses AS ipv6
      FROM vm_guest_agent_interfaces g
      JOIN vm_static s ON s.vm_guid = g.vm_id AND s.entity_type = 'VM'
      LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      WHERE g.vm_id = ANY(${parameters.add(vmIds)}::uuid[]) AND ${visible.isVm(parameters)}
      ORDER BY g.vm_id, g.ctid`,
    parameters.values,
  );
  return rows.map(({ vmId, name, mac, ipv4, ipv6 }) => ({
    ...UNKNOWN_INTERFACE,
    vmId,
    name: name === "" ? null : name,
    macAddress: normalizeReportedMac(mac),
    ipv4Addresses: parseIpv4List(ipv4),
    ipv6Addresses: parseIpv6List(ipv6),
  }));
}

/** By what vNICs are looked for. MACs have no index in an engine's database: such a search reads all vNICs once. */
export const NIC_KEYS = {
  id: "i.id = ANY($1::uuid[])",
  vm: "i.vm_guid = ANY($1::uuid[])",
  mac: "lower(i.mac_addr) = ANY($1::text[])",
} as const;

/**
 * The vNICs of VMs, by name. `linked` is as stored, the state of the cable: an engine keeps it for a vNIC that is not
 * plugged in too, and shows both. Whether the VM has the device at all is `plugged`.
 */
export async function readNics(
  dataSource: DataSource,
  key: keyof typeof NIC_KEYS,
  keys: readonly string[],
  visible: Visible,
): Promise<Nic[]> {
  const parameters = new SqlParameters();
  parameters.add(keys);
  const rows = await rowsOf<Nic>(
    dataSource,
    `SELECT i.id, i.vm_guid AS "vmId", i.name, i.mac_addr AS "macAddress", n.name AS network, i.linked,
        p.is_plugged AS plugged
      FROM vm_interface i
      JOIN vm_static s ON s.vm_guid = i.vm_guid AND s.entity_type = 'VM'
      LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      LEFT JOIN vm_device p ON p.device_id = i.id AND p.vm_id = i.vm_guid
      LEFT JOIN vnic_profiles v ON v.id = i.vnic_profile_id
      LEFT JOIN network n ON n.id = v.network_id
      WHERE ${NIC_KEYS[key]} AND ${visible.isVm(parameters)}
      ORDER BY i.vm_guid, i.name, i.id`,
    parameters.values,
  );
  return rows.map((row) => ({ ...row, macAddress: normalizeReportedMac(row.macAddress) }));
}

interface EngineInterface {
  readonly vmId: string;
  readonly name: string | null;
  readonly mac: string | null;
  readonly ipv4: string | null;
  readonly ipv6: string | null;
}
