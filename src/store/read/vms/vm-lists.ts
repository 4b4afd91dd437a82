import { compareByName } from "../../../model/compare-by-name.js";
import type { Nic } from "../../types.js";
import type { TreeLists, VmTreeParts } from "../../vm-tree.js";
import { sortInterfaces, type InterfaceNames } from "../guest-interfaces.js";
import { INTERFACE_VALUES, parseInterfaceValues } from "../interface-columns.js";

/** A vNIC's id, name, MAC, network, and whether it is linked. */
export type NicValues = readonly [string, string, string | null, string | null, boolean];

/** The values of vNIC `n` as a JSON array; {@link parseNic} parses it. */
export const NIC_VALUES = "json_build_array(n.id, n.name, n.mac_addr, e.network, n.linked)";

/** Parses the vNIC in an array of {@link NIC_VALUES}. */
export function parseNic([id, name, macAddress, network, linked]: NicValues, vmId: string): Nic {
  return { id, vmId, name, macAddress, network, linked, plugged: true };
}

/**
 * Builds the column with a VM's lists, as the text of a JSON array: the names of interfaces in order, the interfaces, the
 * vNICs. Each list is a subquery, so that PostgreSQL looks it up by an index, and only for the VMs of the page.
 */
export function buildListsColumn({ interfaces, nics }: VmTreeParts): string {
  const parts = [
    ...(interfaces ? ["r.interface_names", INTERFACES] : ["NULL::text", "NULL::text"]),
    nics ? NICS : "NULL::text",
  ];
  return `json_build_array(${parts.join(", ")})::text AS lists`;
}

const INTERFACES = `(SELECT json_agg(${INTERFACE_VALUES}) FROM vm_guest_agent_interfaces i WHERE i.vm_id = s.vm_guid)`;
const NICS = `(SELECT json_agg(${NIC_VALUES}) FROM vm_interface n LEFT JOIN vnic_graph_nic e ON e.nic_id = n.id
  WHERE n.vm_guid = s.vm_guid)`;

/** Parses the text of {@link buildListsColumn}. */
export function parseLists(text: string, vmId: string): Pick<TreeLists, "interfaces" | "nics"> {
  const [names, interfaces, nics] = JSON.parse(text) as ListValues;
  return {
    interfaces:
      interfaces === null
        ? []
        : sortInterfaces(
            interfaces.map((values) => parseInterfaceValues(values, vmId)),
            names ?? [],
          ),
    nics: nics === null ? [] : nics.map((values) => parseNic(values, vmId)).sort(compareByName),
  };
}

type ListValues = readonly [
  names: InterfaceNames | null,
  interfaces: readonly (readonly (string | null)[])[] | null,
  nics: readonly NicValues[] | null,
];
