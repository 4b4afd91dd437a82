import { joinAddresses } from "./addresses.js";
import type { GuestInterface } from "./types.js";

/**
 * Finds for each given row one stored row that equals it, by its place, since nothing else tells equal rows apart: the
 * `nth` of the given rows that are equal takes the nth of the stored ones. NULL and `''` are both no addresses.
 */
export const ONE_STORED_ROW_EACH = `candidate AS (
  SELECT t.ctid AS place, g.number, g.nth, row_number() OVER (PARTITION BY g.number ORDER BY t.ctid) AS candidate_nth
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[])
    WITH ORDINALITY AS g(vm_id, name, mac, ipv4, ipv6, nth, number)
  JOIN vm_guest_agent_interfaces t ON t.vm_id = g.vm_id
    AND t.interface_name IS NOT DISTINCT FROM g.name AND t.mac_address IS NOT DISTINCT FROM g.mac
    AND coalesce(t.ipv4_addresses, '') = g.ipv4 AND coalesce(t.ipv6_addresses, '') = g.ipv6
), chosen AS (SELECT place, number FROM candidate WHERE candidate_nth = nth)`;

/** The parameters of {@link ONE_STORED_ROW_EACH}. */
export function identitiesOf(interfaces: readonly GuestInterface[]): unknown[][] {
  const seen = new Map<string, number>();
  const nths = interfaces.map((device) => {
    const key = wholeOf(device);
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    return nth;
  });
  return [...columnsOf(interfaces), nths];
}

/** The interfaces as arrays, one a column. */
export function columnsOf(interfaces: readonly GuestInterface[]): unknown[][] {
  return [
    interfaces.map((device) => device.vmId),
    interfaces.map((device) => device.name),
    interfaces.map((device) => device.macAddress),
    interfaces.map((device) => joinAddresses(device.ipv4Addresses)),
    interfaces.map((device) => joinAddresses(device.ipv6Addresses)),
  ];
}

/** `true` if two of the interfaces are the same in every column. */
export function hasEqualRows(interfaces: readonly GuestInterface[]): boolean {
  return new Set(interfaces.map(wholeOf)).size < interfaces.length;
}

function wholeOf({ vmId, name, macAddress, ipv4Addresses, ipv6Addresses }: GuestInterface): string {
  return JSON.stringify([vmId, name, macAddress, joinAddresses(ipv4Addresses), joinAddresses(ipv6Addresses)]);
}
