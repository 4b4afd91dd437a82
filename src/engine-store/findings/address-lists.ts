import type { Cidr } from "../../model/address/cidr.js";
import { HOLDERS_SHOWN } from "../../model/limits.js";
import type {
  AddressConflictRow,
  AddressConflictsQuestion,
  GuestAddressesQuestion,
  GuestAddressRow,
} from "../../store/finding-types.js";
import { querySearchRows, SqlParameters, type Queryable } from "../../store/postgres/sql.js";
import type { VmScopeSql } from "../../store/read/conditions/scope.js";
import { MOST_PARSED_BYTES, refuseLargeFleet } from "./fleet-size.js";
import { CONTAINER_PATTERN } from "../../model/guest/container-names.js";
import { matchReaching, USUAL_BRIDGES } from "../../store/read/findings.js";
import { selectAllAddresses } from "../conditions/address-words.js";
import { selectAddressesInCidr } from "../conditions/cidr-search.js";
import { mayHaveGuest } from "../conditions/engine-conditions.js";

/**
 * Reads a page of addresses in numeric order. It reads all texts of addresses once, and parses those that may be in the
 * prefix.
 */
export async function readGuestAddresses(
  database: Queryable,
  { inCidr, after, limit }: GuestAddressesQuestion,
  scope: VmScopeSql,
): Promise<GuestAddressRow[]> {
  await checkSize(database, "guestAddresses", "inCidr", inCidr);
  const parameters = new SqlParameters();
  const held = selectHeld(inCidr, scope, parameters);
  const isBehind =
    after === null
      ? "true"
      : `(h.address, h.vm_id) > (${parameters.add(after.address)}::inet, ${parameters.add(after.vmId)}::uuid)`;
  return querySearchRows<GuestAddressRow>(
    database,
    `SELECT host(h.address) AS address, h.vm_id AS "vmId" FROM (${held}) h WHERE ${isBehind}
      ORDER BY h.address, h.vm_id LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
}

/** Counts such addresses, in the same way. */
export async function countGuestAddresses(
  database: Queryable,
  inCidr: Cidr | null,
  scope: VmScopeSql,
): Promise<number> {
  await checkSize(database, "guestAddresses", "inCidr", inCidr);
  const parameters = new SqlParameters();
  return count(database, selectHeld(inCidr, scope, parameters), parameters);
}

/** Reads a page of conflicts: addresses that several VMs have on one network, or on networks that are not known. */
export async function readAddressConflicts(
  database: Queryable,
  question: AddressConflictsQuestion,
  scope: VmScopeSql,
): Promise<AddressConflictRow[]> {
  await checkSize(database, "addressConflicts", "within", question.within);
  const parameters = new SqlParameters();
  const { before, conflicts } = buildConflicts(question, scope, parameters);
  return querySearchRows<AddressConflictRow>(
    database,
    `${before} SELECT host(c.address) AS address, c.vm_count::int AS "vmCount", c.vm_ids AS "vmIds" FROM (${conflicts}) c
      ORDER BY c.address LIMIT ${parameters.add(question.limit)}`,
    parameters.values,
  );
}

/** Counts such conflicts. */
export async function countAddressConflicts(
  database: Queryable,
  question: Pick<AddressConflictsQuestion, "within" | "network">,
  scope: VmScopeSql,
): Promise<number> {
  await checkSize(database, "addressConflicts", "within", question.within);
  const parameters = new SqlParameters();
  const { before, conflicts } = buildConflicts({ ...question, after: null }, scope, parameters);
  return count(database, conflicts, parameters, before);
}

/** Refuses the question in a large fleet, unless the prefix is long: few texts have addresses of a long prefix. */
async function checkSize(
  database: Queryable,
  field: string,
  argument: string,
  cidr: Cidr | null,
): Promise<void> {
  if (cidr !== null && cidr.prefix >= NARROW_PREFIX[cidr.family]) return;
  const narrow = `/${NARROW_PREFIX[4]} or longer for IPv4, of /${NARROW_PREFIX[6]} or longer for IPv6`;
  await refuseLargeFleet(database, field, `give ${argument}, of ${narrow}`, MOST_PARSED_BYTES);
}

const NARROW_PREFIX = { 4: 16, 6: 32 } as const;

function buildConflicts(
  question: Omit<AddressConflictsQuestion, "limit">,
  scope: VmScopeSql,
  parameters: SqlParameters,
): { readonly before: string; readonly conflicts: string } {
  const held = selectHeld(question.within, scope, parameters, { reachingOnly: true });
  return {
    before: `WITH held AS (${held})`,
    conflicts: selectConflicts("held", question, parameters, HOLDERS_SHOWN),
  };
}

/** Selects the addresses of running guests with their VMs, without repetitions: those within a prefix, or all. */
export function selectHeld(
  cidr: Cidr | null,
  scope: VmScopeSql,
  parameters: SqlParameters,
  { reachingOnly }: { readonly reachingOnly: boolean } = { reachingOnly: false },
): string {
  const addresses =
    cidr === null ? selectAllAddresses({ reachingOnly }) : selectAddressesInCidr(cidr, parameters);
  return `SELECT x.address, x.vm_id FROM (${addresses}) x
    JOIN vm_static s ON s.vm_guid = x.vm_id AND s.entity_type = 'VM'
    LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
    WHERE ${mayHaveGuest("d.status")} AND ${scope.isVm(parameters)}`;
}

/**
 * Selects addresses in conflict: several VMs have them on one network, or on a network that is not known. `held` has
 * all addresses with their VMs. The network is that of the vNIC whose interface has the address. It selects:
 * 1. the addresses that several VMs have at all;
 * 2. for each of these, the interface on which each VM has it. Bridges of containers do not count, unless a vNIC is
 *    behind them.
 */
export function selectConflicts(
  held: string,
  { network, after }: Pick<AddressConflictsQuestion, "network" | "after">,
  parameters: SqlParameters,
  /** How many VMs are listed for each address; `null`: all. */
  holdersShown: number | null,
): string {
  const isBehind = after === null ? "true" : `a.address > ${parameters.add(after)}::inet`;
  const name = network === null ? null : `${parameters.add(network)}::text`;
  const isMeant = name === null ? "true" : `coalesce(h.network, ${name}) = ${name}`;
  const all = "array_agg(h.vm_id ORDER BY h.vm_id)";
  return `SELECT s.address, count(*) AS vm_count, ${holdersShown === null ? all : `(${all})[1:${holdersShown}]`} AS vm_ids
    FROM (SELECT each.address, each.vm_ids FROM (
      SELECT a.address, array_agg(a.vm_id) AS vm_ids FROM ${held} a
      WHERE a.address IN (SELECT a.address FROM (
        SELECT a.address FROM ${held} a GROUP BY a.address HAVING count(*) > 1 OFFSET 0) a
        WHERE ${isBehind} AND ${matchReaching("a.address")})
      GROUP BY a.address) each ORDER BY each.address OFFSET 0) s
    CROSS JOIN LATERAL (
      SELECT s.address, a.vm_id, nic.network, nic.is_outside
      FROM unnest(s.vm_ids) AS a (vm_id)
      LEFT JOIN LATERAL (
        SELECT n.name AS network, i.id IS NOT NULL OR coalesce(g.interface_name, '') = ''
          OR NOT g.interface_name ~* '${CONTAINER_PATTERN}' AS is_outside
        FROM vm_guest_agent_interfaces g
        LEFT JOIN vm_interface i ON i.vm_guid = g.vm_id
          AND lower(i.mac_addr COLLATE "C") = lower(replace(g.mac_address, '-', ':') COLLATE "C")
        LEFT JOIN vnic_profiles p ON p.id = i.vnic_profile_id
        LEFT JOIN network n ON n.id = p.network_id
        WHERE g.vm_id = a.vm_id AND host(s.address) = ANY(string_to_array(
          lower(concat_ws(',', g.ipv4_addresses, g.ipv6_addresses) COLLATE "C"), ','))
        ORDER BY 2 DESC, i.id IS NULL, n.name COLLATE "C" LIMIT 1) nic ON true OFFSET 0) h
    WHERE coalesce(h.is_outside, s.address <> ALL(${USUAL_BRIDGES})) AND ${isMeant}
    GROUP BY s.address
    HAVING count(*) > 1 AND (count(h.network) < count(*) OR count(DISTINCT h.network) < count(*))`;
}

async function count(
  database: Queryable,
  select: string,
  { values }: SqlParameters,
  before = "",
): Promise<number> {
  const sql = `${before} SELECT count(*)::int AS count FROM (${select}) counted`;
  const [row] = await querySearchRows<{ count: number }>(database, sql, values);
  return row?.count ?? 0;
}
