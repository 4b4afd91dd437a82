import { parseInterfaceRow, SELECTION, type InterfaceRow } from "./interface-columns.js";
import { formatInterfaceKey } from "../write/interfaces/interface-identity.js";
import type { VmScopeSql } from "./conditions/scope.js";
import { SqlParameters, groupByVm, queryRows, type Queryable } from "../postgres/sql.js";
import type { GuestInterface } from "../types.js";

/** Reads the interfaces of VMs, in the order in which their guests reported them. Equal rows are not merged. */
export async function readGuestInterfaces(
  database: Queryable,
  vmIds: readonly string[],
  scope: VmScopeSql,
): Promise<GuestInterface[]> {
  const parameters = new SqlParameters();
  const ids = parameters.addKeys(vmIds, "uuid");
  // Only one row of each VM has the list of names, which can be as large as all the rows.
  const rows = await queryRows<InterfaceRow & { readonly names: InterfaceNames | null }>(
    database,
    `SELECT ${SELECTION}, CASE WHEN row_number() OVER (PARTITION BY i.vm_id) = 1 THEN r.interface_names END AS names
     FROM vm_guest_agent_interfaces i LEFT JOIN vnic_graph_vm r ON r.vm_id = i.vm_id
     WHERE i.vm_id = ANY(${ids}) AND ${scope.hasVm("i.vm_id", parameters)}`,
    parameters.values,
  );
  return [...groupByVm(rows).values()].flatMap((ofVm) =>
    sortAsReported(ofVm, ofVm.find((row) => row.names !== null)?.names ?? []),
  );
}

/** Reads the interfaces of VMs whose lists of names are known already, as a map. This is cheaper for many VMs. */
export async function readInterfacesInOrder(
  database: Queryable,
  namesByVm: ReadonlyMap<string, InterfaceNames>,
): Promise<Map<string, GuestInterface[]>> {
  const rows = await queryRows<InterfaceRow>(
    database,
    `SELECT ${SELECTION} FROM vm_guest_agent_interfaces i WHERE i.vm_id = ANY($1::uuid[])`,
    [[...namesByVm.keys()]],
  );
  return new Map(
    [...groupByVm(rows)].map(([vmId, ofVm]) => [vmId, sortAsReported(ofVm, namesByVm.get(vmId) ?? [])]),
  );
}

/** The names of a guest's interfaces, in reported order. */
export type InterfaceNames = readonly (string | null)[];

function sortAsReported(rows: readonly InterfaceRow[], names: InterfaceNames): GuestInterface[] {
  return sortInterfaces(rows.map(parseInterfaceRow), names);
}

/** Sorts interfaces by the reported order of names. Interfaces without a position in it come last, sorted by content. */
export function sortInterfaces(
  interfaces: readonly GuestInterface[],
  names: InterfaceNames,
): GuestInterface[] {
  if (isInOrder(interfaces, names)) return [...interfaces];
  const positions = new Map<string | null, number[]>();
  for (const [position, name] of names.entries()) {
    const held = positions.get(name);
    if (held === undefined) positions.set(name, [position]);
    else held.push(position);
  }
  const sameName = new Set(interfaces.map(({ name }) => name)).size < interfaces.length;
  const sorted = [...interfaces];
  if (sameName) sorted.sort(compareByContent);
  const taken = new Map<string | null, number>();
  return sorted
    .map((guestInterface) => {
      const nth = taken.get(guestInterface.name) ?? 0;
      taken.set(guestInterface.name, nth + 1);
      return {
        guestInterface: guestInterface,
        position: positions.get(guestInterface.name)?.[nth] ?? names.length,
      };
    })
    .sort((a, b) => a.position - b.position || compareByContent(a.guestInterface, b.guestInterface))
    .map(({ guestInterface: guestInterface }) => guestInterface);
}

/** Returns `true` if the interfaces have these names in this order, each once. Nearly all are stored so. */
function isInOrder(interfaces: readonly GuestInterface[], names: InterfaceNames): boolean {
  return (
    interfaces.length === names.length &&
    interfaces.every(({ name }, at) => name === names[at]) &&
    new Set(names).size === names.length
  );
}

/** Compares two interfaces with the same name, for which no order is stored. */
export function compareByContent(a: GuestInterface, b: GuestInterface): number {
  const [left, right] = [formatInterfaceKey(a), formatInterfaceKey(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
