import { PREFIXES_OF_NO_REACH } from "../../model/address/address-scope.js";
import { formatAddress, formatCidr, type Cidr } from "../../model/address/cidr.js";
import { INSIDE_PATTERN, USUAL_BRIDGE_ADDRESSES } from "../../model/guest/container-names.js";
import { HOLDERS_SHOWN } from "../../model/limits.js";
import type { AddressConflictsQuestion } from "../finding-types.js";
import type { SqlParameters } from "../postgres/sql.js";
import { matchCidr } from "./conditions/match-cidr.js";
import type { VmScopeSql } from "./conditions/scope.js";
import { matchText } from "./conditions/text-match.js";

/** Builds the condition that an address of `vnic_graph_address a` is in a prefix; `null`: any prefix. */
export function matchWithin(cidr: Cidr | null, parameters: SqlParameters): string {
  return cidr === null ? "true" : matchCidr("a.address", cidr, parameters);
}

/**
 * Builds the condition that an address reaches other links. The two comparisons give the range in which the index is read. An
 * IPv4 address that is mapped into IPv6 reaches as far as it does unmapped.
 */
export function matchReaching(address: string): string {
  const isIn = (prefix: string) => `${address} <<= '${prefix}'::inet`;
  const mapped = PREFIXES_OF_NO_REACH.flatMap(({ family, first, prefix }) =>
    family === 4 ? [`::ffff:${formatAddress({ family, value: first })}/${96 + prefix}`] : [],
  );
  return [
    `${address} > '0.255.255.255'::inet AND ${address} < 'fe80::'::inet`,
    ...PREFIXES_OF_NO_REACH.map(formatCidr)
      .filter((prefix) => !/^(?:0\.|f)/.test(prefix))
      .map((prefix) => `NOT ${isIn(prefix)}`),
    `NOT (${isIn("::ffff:0.0.0.0/96")} AND (${mapped.map(isIn).join(" OR ")}))`,
  ].join(" AND ");
}

/** Builds the condition that a network has the name, in any case, or that it is not known; `null`: any network. */
export function matchNetwork(column: string, name: string | null, parameters: SqlParameters): string {
  if (name === null) return "true";
  return `(${column} IS NULL OR ${matchText(column, { parts: [name], ignoreCase: true }, parameters)})`;
}

/** The usual addresses of bridges of containers, for guests that report addresses without interfaces. */
export const USUAL_BRIDGES = `ARRAY[${USUAL_BRIDGE_ADDRESSES.map((address) => `'${address}'`).join(", ")}]::inet[]`;

/**
 * Builds the join of an address of `vnic_graph_address` to its interface `on_nic`: one where others may meet it first. No
 * interface is found where the guest reports addresses alone.
 */
function joinInterface(held: string): string {
  return `LEFT JOIN LATERAL (${selectInterfaces(held)} ORDER BY 2 DESC LIMIT 1) on_nic ON true`;
}

/**
 * Builds the join of such an address to the networks of its interfaces, each once. They are known ones of vNICs, if there are
 * any: the VM can be met on each of them.
 */
function joinNetworks(held: string): string {
  return `LEFT JOIN LATERAL (
      SELECT DISTINCT best.network, best.is_outside FROM (
        ${selectInterfaces(held)} ORDER BY 2 DESC, n.id IS NULL, e.network IS NULL FETCH FIRST 1 ROW WITH TIES) best) on_nic ON true`;
}

function selectInterfaces(held: string): string {
  return `SELECT e.network, n.id IS NOT NULL OR g.interface_name IS NULL OR NOT g.interface_name ~* '${INSIDE_PATTERN}' AS is_outside
      FROM vm_guest_agent_interfaces g
      LEFT JOIN vm_interface n ON n.vm_guid = g.vm_id AND n.mac_addr = g.mac_address
      LEFT JOIN vnic_graph_nic e ON e.nic_id = n.id
      WHERE g.vm_id = ${held}.vm_id
        AND host(${held}.address) = ANY(string_to_array(concat_ws(',', g.ipv4_addresses, g.ipv6_addresses), ','))`;
}

/** Builds the condition that others may meet such an address: it is not on a bridge of containers. */
function isOutside(held: string): string {
  return `coalesce(on_nic.is_outside, ${held}.address <> ALL(${USUAL_BRIDGES}))`;
}

/** Selects which VMs have an address where others may meet it; the caller may end early. */
export function selectOutside(address: string): string {
  return `SELECT b.vm_id FROM vnic_graph_address b ${joinInterface("b")} WHERE b.address = ${address} AND ${isOutside("b")}`;
}

/** Selects the addresses of some VMs that others may meet and that other VMs have, too. */
export function selectSharedOf(vmIds: string): string {
  return `SELECT a.address, a.vm_id FROM vnic_graph_address a ${joinInterface("a")}
    WHERE a.vm_id = ANY(${vmIds}) AND ${matchReaching("a.address")} AND ${isOutside("a")}
      AND EXISTS (SELECT FROM vnic_graph_address b WHERE b.address = a.address AND b.vm_id <> a.vm_id)`;
}

/** Selects the addresses that several VMs have, wherever they have them, by the index and in its order. */
export function selectHeldByMany(conditions: string): string {
  return `SELECT shared.address FROM (
      SELECT a.address FROM vnic_graph_address a WHERE ${matchReaching("a.address")} AND ${conditions}
      ORDER BY a.address OFFSET 0) shared
    GROUP BY shared.address HAVING count(*) > 1 ORDER BY shared.address`;
}

/** How conflicts are looked for. */
export interface ConflictSearch {
  /**
   * VMs that may have changed since `vnic_graph_shared_address` was brought up to date. `null`: it does not hold, and all
   * addresses are looked at.
   */
  readonly recent: readonly string[] | null;
  /** How many of its VMs are returned for each address; `null`: all. */
  readonly holdersShown?: number | null;
}

/**
 * Selects the addresses that are in conflict: several VMs have them, and two of these are on the same network, or the
 * network of one is not known.
 * 1. Take the addresses that may be: those that are stored as shared, and those of VMs that changed since.
 * 2. For each VM that has one, find the interfaces with the address, and their networks.
 * 3. Leave out bridges of containers, which are inside a guest, unless a vNIC is behind them.
 * 4. Count what is left of this address before the next one is looked at, so that a page ends when it is full.
 *
 * Where no addresses are stored as shared, it takes all that several VMs have. If 10,000 VMs have the address of docker0, it
 * looks at each of them then, which takes 0.2 s. A hash join of all interfaces takes longer.
 */
export function selectAddressConflicts(
  { within, network, after }: Omit<AddressConflictsQuestion, "limit">,
  scope: VmScopeSql,
  parameters: SqlParameters,
  { recent, holdersShown = HOLDERS_SHOWN }: ConflictSearch,
): string {
  const visible = scope.hasVm("a.vm_id", parameters);
  const isBehind = after === null ? "true" : `a.address > ${parameters.add(after)}::inet`;
  const isAsked = `${isBehind} AND ${matchWithin(within, parameters)}`;
  const isMeant = matchNetwork("h.network", network, parameters);
  const all = "array_agg(DISTINCT h.vm_id ORDER BY h.vm_id)";
  const holders = holdersShown === null ? all : `(${all})[1:${holdersShown}]`;
  const candidates =
    recent === null
      ? selectHeldByMany(`${isAsked} AND ${visible}`)
      : selectStored(isAsked, recent, parameters);
  return `SELECT s.address, c.vm_count, c.vm_ids
    FROM (${candidates}) s
    CROSS JOIN LATERAL (
      SELECT count(DISTINCT h.vm_id) AS vm_count, ${holders} AS vm_ids FROM (
        SELECT a.vm_id, on_nic.network
        FROM vnic_graph_address a ${joinNetworks("a")}
        WHERE a.address = s.address AND ${isOutside("a")} AND ${visible} OFFSET 0) h
      WHERE ${isMeant}
      HAVING count(DISTINCT h.vm_id) > 1 AND (count(h.network) < count(*) OR count(DISTINCT h.network) < count(*))) c`;
}

/** Selects the addresses that are stored as shared, and those that became so since, in order. */
function selectStored(isAsked: string, recent: readonly string[], parameters: SqlParameters): string {
  const stored = `SELECT a.address FROM vnic_graph_shared_address a WHERE ${isAsked}`;
  if (recent.length === 0) return `${stored} ORDER BY a.address`;
  const since = selectSharedOf(`${parameters.add(recent)}::uuid[]`);
  return `${stored} UNION SELECT a.address FROM (${since} OFFSET 0) a WHERE ${isAsked} ORDER BY address`;
}
