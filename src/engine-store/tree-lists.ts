import { compareByName } from "../model/compare-by-name.js";
import type { TreeLists, VmTreeParts } from "../store/vm-tree.js";
import { mayHaveGuest } from "./conditions/engine-conditions.js";
import { INTERFACE_ORDER, toGuestInterface, type InterfaceValues } from "./interfaces.js";
import { JOIN_NETWORK, NIC_COLUMNS, toNic, type NicValues } from "./nics.js";

/**
 * Builds the column with the lists of a VM `v`, as the text of a JSON array: its interfaces, its vNICs. Each is a subquery, so
 * that PostgreSQL looks it up by an index of the engine's.
 */
export function buildListsColumn({ interfaces, nics }: VmTreeParts): string {
  return `json_build_array(${interfaces ? INTERFACES : "NULL::text"}, ${nics ? NICS : "NULL::text"})::text AS lists`;
}

const INTERFACES = `(SELECT json_agg(json_build_array(g.interface_name, g.mac_address, g.ipv4_addresses, g.ipv6_addresses)
    ORDER BY ${INTERFACE_ORDER})
  FROM vm_guest_agent_interfaces g WHERE g.vm_id = v.vm_guid AND ${mayHaveGuest("v.status")})`;

const NICS = `(SELECT json_agg(json_build_array(${NIC_COLUMNS}))
  FROM vm_interface i ${JOIN_NETWORK} WHERE i.vm_guid = v.vm_guid)`;

/** Parses the text of {@link buildListsColumn}. */
export function parseLists(text: string, vmId: string): Pick<TreeLists, "interfaces" | "nics"> {
  const [interfaces, nics] = JSON.parse(text) as readonly [
    readonly InterfaceValues[] | null,
    readonly NicValues[] | null,
  ];
  return {
    interfaces: (interfaces ?? []).map((values) => toGuestInterface(values, vmId)),
    nics: (nics ?? []).map((values) => toNic(values, vmId)).sort(compareByName),
  };
}
