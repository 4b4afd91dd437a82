import type { Cidr } from "../model/address/cidr.js";
import { HOLDERS_SHOWN } from "../model/limits.js";
import type {
  AddressConflictRow,
  AddressConflictsQuestion,
  GuestAddressesQuestion,
  GuestAddressRow,
} from "../store/finding-types.js";
import { NotKeptError } from "../store/not-kept-error.js";
import { querySearchRows, SqlParameters, type Queryable } from "../store/postgres/sql.js";
import type { VmScopeSql } from "../store/read/conditions/scope.js";
import { matchReaching, USUAL_BRIDGES } from "../store/read/findings.js";
import { selectAddressesInCidr } from "./conditions/cidr-search.js";
import { mayHaveGuest } from "./conditions/engine-conditions.js";

/** Reads a page of addresses within a prefix, by number. It reads all texts of addresses once, and parses those that may be in it. */
export function readGuestAddresses(
  database: Queryable,
  { inCidr, after, limit }: GuestAddressesQuestion,
  scope: VmScopeSql,
): Promise<GuestAddressRow[]> {
  const parameters = new SqlParameters();
  const held = selectHeld(requireNarrow("guestAddresses", "inCidr", inCidr), scope, parameters);
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
  const parameters = new SqlParameters();
  const held = selectHeld(requireNarrow("guestAddresses", "inCidr", inCidr), scope, parameters);
  return count(database, held, parameters);
}

/** Reads a page of addresses within a prefix that several VMs have which can meet. */
export function readAddressConflicts(
  database: Queryable,
  question: AddressConflictsQuestion,
  scope: VmScopeSql,
): Promise<AddressConflictRow[]> {
  const parameters = new SqlParameters();
  const conflicts = selectConflicts(question, scope, parameters);
  return querySearchRows<AddressConflictRow>(
    database,
    `SELECT host(c.address) AS address, c.vm_count::int AS "vmCount", c.vm_ids AS "vmIds" FROM (${conflicts}) c
      ORDER BY c.address LIMIT ${parameters.add(question.limit)}`,
    parameters.values,
  );
}

/** Counts such addresses. */
export async function countAddressConflicts(
  database: Queryable,
  question: Pick<AddressConflictsQuestion, "within" | "network">,
  scope: VmScopeSql,
): Promise<number> {
  const parameters = new SqlParameters();
  return count(database, selectConflicts({ ...question, after: null }, scope, parameters), parameters);
}

/**
 * Makes sure that a prefix is so long that a few texts have its addresses. All addresses of 100,000 VMs take half a second of the
 * database's time to parse, and a second to compare.
 */
function requireNarrow(field: string, argument: string, cidr: Cidr | null): Cidr {
  if (cidr !== null && cidr.prefix >= LEAST_PREFIX[cidr.family]) return cidr;
  throw new NotKeptError(
    `${field}: an engine's database keeps no index of this; with SOURCE=engine, give ${argument}, ` +
      `of /${LEAST_PREFIX[4]} or longer for IPv4, of /${LEAST_PREFIX[6]} or longer for IPv6`,
  );
}

const LEAST_PREFIX = { 4: 16, 6: 32 } as const;

/** Selects the addresses within a prefix of guests that run, with their VMs, each once. */
function selectHeld(cidr: Cidr, scope: VmScopeSql, parameters: SqlParameters): string {
  return `SELECT x.address, x.vm_id FROM (${selectAddressesInCidr(cidr, parameters)}) x
    JOIN vm_static s ON s.vm_guid = x.vm_id AND s.entity_type = 'VM'
    LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
    WHERE ${mayHaveGuest("d.status")} AND ${scope.isVm(parameters)}`;
}

/**
 * Selects the addresses of several VMs that can meet: on one network, or on one that is not known. The network is that of the vNIC
 * whose interface has the address. First the addresses that several VMs have at all; then, of these, on which network each has it.
 */
function selectConflicts(
  { within, network, after }: Omit<AddressConflictsQuestion, "limit">,
  scope: VmScopeSql,
  parameters: SqlParameters,
): string {
  const held = selectHeld(requireNarrow("addressConflicts", "within", within), scope, parameters);
  const isBehind = after === null ? "true" : `a.address > ${parameters.add(after)}::inet`;
  const name = network === null ? null : `${parameters.add(network)}::text`;
  const isMeant = name === null ? "true" : `coalesce(h.network, ${name}) = ${name}`;
  return `SELECT h.address, count(*) AS vm_count, (array_agg(h.vm_id ORDER BY h.vm_id))[1:${HOLDERS_SHOWN}] AS vm_ids
    FROM (
      SELECT a.address, a.vm_id, a.holders, nic.network, nic.is_known
      FROM (SELECT a.*, count(*) OVER (PARTITION BY a.address) AS holders FROM (${held}) a
        WHERE ${isBehind} AND ${matchReaching("a.address")}) a
      LEFT JOIN LATERAL (
        SELECT n.name AS network, true AS is_known
        FROM vm_guest_agent_interfaces g
        LEFT JOIN vm_interface i ON i.vm_guid = g.vm_id
          AND lower(i.mac_addr COLLATE "C") = lower(replace(g.mac_address, '-', ':') COLLATE "C")
        LEFT JOIN vnic_profiles p ON p.id = i.vnic_profile_id
        LEFT JOIN network n ON n.id = p.network_id
        WHERE g.vm_id = a.vm_id AND host(a.address) = ANY(string_to_array(
          lower(concat_ws(',', g.ipv4_addresses, g.ipv6_addresses) COLLATE "C"), ','))
        ORDER BY i.id IS NULL, n.name COLLATE "C" LIMIT 1) nic ON a.holders > 1
      WHERE a.holders > 1 OFFSET 0) h
    WHERE (h.is_known OR h.address <> ALL(${USUAL_BRIDGES})) AND ${isMeant}
    GROUP BY h.address
    HAVING count(*) > 1 AND (count(h.network) < count(*) OR count(DISTINCT h.network) < count(*))`;
}

async function count(database: Queryable, select: string, { values }: SqlParameters): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM (${select}) counted`;
  const [row] = await querySearchRows<{ count: number }>(database, sql, values);
  return row?.count ?? 0;
}
