import { normalizeStoredMac } from "../model/address/mac.js";
import type { VmScopeSql } from "../store/read/conditions/scope.js";
import { queryRows, querySearchRows, SqlParameters, type Queryable } from "../store/postgres/sql.js";
import type { Nic } from "../store/types.js";
import { matchMacs } from "./conditions/spellings.js";

/** The key by which vNICs are looked up: their ids, their VMs' ids, or MACs in lower case with colons. */
export interface NicQuestion {
  readonly key: "id" | "vm" | "mac";
  readonly values: readonly string[];
}

/**
 * Reads vNICs, sorted by name. `linked` is the stored state of the cable: an engine keeps it for a vNIC that is not
 * plugged in, too, and shows both. `plugged` says whether the VM has the device at all.
 */
export async function readNics(
  database: Queryable,
  question: NicQuestion,
  scope: VmScopeSql,
): Promise<Nic[]> {
  const parameters = new SqlParameters();
  const read = question.key === "mac" ? querySearchRows<Nic> : queryRows<Nic>;
  const rows = await read(
    database,
    `SELECT i.id, i.vm_guid AS "vmId", i.name, i.mac_addr AS "macAddress", n.name AS network, n.id AS "networkId", i.linked,
        p.is_plugged AS plugged
      FROM vm_interface i
      JOIN vm_static s ON s.vm_guid = i.vm_guid AND s.entity_type = 'VM'
      LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      ${JOIN_NETWORK}
      WHERE ${buildKeyCondition(question, parameters)} AND ${scope.isVm(parameters)}
      ORDER BY i.vm_guid, i.name, i.id`,
    parameters.values,
  );
  return rows.map((row) => ({ ...row, macAddress: normalizeStoredMac(row.macAddress) }));
}

/** Joins to a vNIC `i` its device `p` and its network `n`. */
export const JOIN_NETWORK = `LEFT JOIN vm_device p ON p.device_id = i.id AND p.vm_id = i.vm_guid
      LEFT JOIN vnic_profiles f ON f.id = i.vnic_profile_id
      LEFT JOIN network n ON n.id = f.network_id`;

/** The columns of {@link NicValues}. */
export const NIC_COLUMNS = "i.id, i.name, i.mac_addr, n.name, n.id, i.linked, p.is_plugged";

/** A vNIC's id, name, MAC, network and its id, whether it is linked, and plugged, as the engine stores them. */
export type NicValues = readonly [
  string,
  string,
  string | null,
  string | null,
  string | null,
  boolean,
  boolean | null,
];

/** Makes a vNIC of what the engine stores. */
export function toNic([id, name, mac, network, networkId, linked, plugged]: NicValues, vmId: string): Nic {
  return { id, vmId, name, macAddress: normalizeStoredMac(mac), network, networkId, linked, plugged };
}

/**
 * Builds the condition of the keys. An engine's database has no index of MACs, so such a search reads all vNICs once.
 * An engine stores lower case, but rows that it did not write may be in upper case; both are compared without changing
 * the case of every row.
 */
function buildKeyCondition({ key, values }: NicQuestion, parameters: SqlParameters): string {
  if (key === "mac") return matchMacs("i.mac_addr", values, parameters);
  return `i.${key === "id" ? "id" : "vm_guid"} = ANY(${parameters.addKeys(values, "uuid")})`;
}
