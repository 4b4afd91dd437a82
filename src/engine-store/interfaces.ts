import { normalizeStoredMac } from "../model/address/mac.js";
import type { GuestInterface } from "../store/types.js";
import { createInterface } from "../store/read/interface-columns.js";
import { queryRows, SqlParameters, type Queryable } from "../store/postgres/sql.js";
import { parseIpv4List, parseIpv6List } from "./normalize.js";
import type { VmScopeSql } from "../store/read/conditions/scope.js";
import { mayHaveGuest } from "./conditions/engine-conditions.js";

/**
 * Reads the interfaces of guests, row by row, since the table has no key and may hold equal rows. It stores no order
 * either, so rows are sorted by their content: the same rows always come in the same order. Rows of a VM that does not
 * run are left out: they are those of its last run.
 */
export async function readGuestInterfaces(
  database: Queryable,
  vmIds: readonly string[],
  scope: VmScopeSql,
): Promise<GuestInterface[]> {
  const parameters = new SqlParameters();
  const rows = await queryRows<EngineInterface>(
    database,
    `SELECT g.vm_id AS "vmId", g.interface_name AS name, g.mac_address AS mac, g.ipv4_addresses AS ipv4,
        g.ipv6_addresses AS ipv6
      FROM vm_guest_agent_interfaces g
      JOIN vm_static s ON s.vm_guid = g.vm_id AND s.entity_type = 'VM'
      LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      WHERE g.vm_id = ANY(${parameters.addKeys(vmIds, "uuid")}) AND ${mayHaveGuest("d.status")}
        AND ${scope.isVm(parameters)}
      ORDER BY g.vm_id, ${INTERFACE_ORDER}`,
    parameters.values,
  );
  return rows.map(({ vmId, name, mac, ipv4, ipv6 }) => toGuestInterface([name, mac, ipv4, ipv6], vmId));
}

/** The name, MAC, IPv4 and IPv6 addresses of an interface, as the engine stores them. */
export type InterfaceValues = readonly [string | null, string | null, string | null, string | null];

/** Makes an interface of what the engine stores. */
export function toGuestInterface([name, mac, ipv4, ipv6]: InterfaceValues, vmId: string): GuestInterface {
  const created = createInterface(vmId);
  created.name = name === "" ? null : name;
  created.macAddress = normalizeStoredMac(mac);
  created.ipv4Addresses = parseIpv4List(ipv4);
  created.ipv6Addresses = parseIpv6List(ipv6);
  return created;
}

/** SQL that sorts a guest's interfaces `g` by content, in the same way under any collation. */
export const INTERFACE_ORDER = ["interface_name", "mac_address", "ipv4_addresses", "ipv6_addresses"]
  .map((column) => `g.${column} COLLATE "C"`)
  .join(", ");

interface EngineInterface {
  readonly vmId: string;
  readonly name: string | null;
  readonly mac: string | null;
  readonly ipv4: string | null;
  readonly ipv6: string | null;
}
