import type { DataSource, QueryRunner } from "typeorm";
import { splitAddresses } from "./addresses.js";
import type { VisibleVms } from "./scope.js";
import { Parameters, rowsOf } from "./sql.js";
import type { GuestInterface } from "./types.js";

/** The interfaces of VMs in the order in which their guests reported them, VM by VM; equal rows stay as many as they are. */
export async function guestInterfacesOf(
  database: DataSource | QueryRunner,
  vmIds: readonly string[],
  visible: VisibleVms | null = null,
): Promise<GuestInterface[]> {
  const parameters = new Parameters();
  const ids = parameters.add(vmIds);
  const rows = await rowsOf<InterfaceRow>(
    database,
    `SELECT i.vm_id AS "vmId", i.interface_name AS name, i.mac_address AS "macAddress",
            i.ipv4_addresses AS ipv4, i.ipv6_addresses AS ipv6,
            CASE WHEN row_number() OVER (PARTITION BY i.vm_id) = 1 THEN r.interface_names END AS names
     FROM vm_guest_agent_interfaces i LEFT JOIN vnic_graph_vm r ON r.vm_id = i.vm_id
     WHERE i.vm_id = ANY(${ids}::uuid[])${visible === null ? "" : ` AND ${visible.hasVm("i.vm_id", parameters)}`}`,
    parameters.values,
  );
  const byVm = new Map<string, InterfaceRow[]>();
  for (const row of rows) {
    const held = byVm.get(row.vmId);
    if (held === undefined) byVm.set(row.vmId, [row]);
    else held.push(row);
  }
  return [...byVm.values()].flatMap(inReportedOrder);
}

interface InterfaceRow {
  readonly vmId: string;
  readonly name: string | null;
  readonly macAddress: string | null;
  readonly ipv4: string | null;
  readonly ipv6: string | null;
  /** The VM's order of names, on one of its rows alone: it would weigh as much as they do. */
  readonly names: readonly (string | null)[] | null;
}

/** Rows take the places of their names; rows of one name, which no order tells apart, go by their content. */
function inReportedOrder(rows: readonly InterfaceRow[]): GuestInterface[] {
  const interfaces = rows.map(({ vmId, name, macAddress, ipv4, ipv6 }) => ({
    vmId,
    name,
    macAddress,
    ipv4Addresses: splitAddresses(ipv4),
    ipv6Addresses: splitAddresses(ipv6),
  }));
  if (interfaces.length === 1) return interfaces;
  const places = new Map<string | null, number[]>();
  (rows.find((row) => row.names !== null)?.names ?? []).forEach((name, place) => {
    const held = places.get(name);
    if (held === undefined) places.set(name, [place]);
    else held.push(place);
  });
  const taken = new Map<string | null, number>();
  return interfaces
    .map((device) => ({ device, content: contentOf(device) }))
    .sort((a, b) => (a.content < b.content ? -1 : a.content > b.content ? 1 : 0))
    .map(({ device }) => {
      const nth = taken.get(device.name) ?? 0;
      taken.set(device.name, nth + 1);
      return { device, place: places.get(device.name)?.[nth] ?? Number.MAX_SAFE_INTEGER };
    })
    .sort((a, b) => a.place - b.place)
    .map(({ device }) => device);
}

function contentOf({ name, macAddress, ipv4Addresses, ipv6Addresses }: GuestInterface): string {
  return JSON.stringify([name, macAddress, ipv4Addresses, ipv6Addresses]);
}
