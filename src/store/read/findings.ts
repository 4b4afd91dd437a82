import { CONTAINER_PATTERN, USUAL_BRIDGE_ADDRESSES } from "../../model/guest/container-names.js";
import type { Cidr } from "../../model/address/cidr.js";
import { DRIFT_KINDS, type DriftKind } from "../../model/guest/drift.js";
import { HOLDERS_SHOWN } from "../../model/limits.js";
import type {
  AddressConflictRow,
  AddressConflictsQuestion,
  DriftRow,
  FindingReads,
  GuestAddressRow,
  MacConflictRow,
} from "../finding-types.js";
import { queryOptionalRows, queryRows, SqlParameters, type Queryable } from "../postgres/sql.js";
import { matchCidr } from "./conditions/match-cidr.js";
import type { VmScopeSql } from "./conditions/scope.js";

/** Creates the reads for questions about many VMs at once. Each is one statement over our own tables. */
export function createFindingReads(
  database: Queryable,
  scope: VmScopeSql,
): Omit<FindingReads, "readNetworkStats"> {
  return {
    readGuestAddresses: ({ inCidr, after, limit }) => {
      const parameters = new SqlParameters();
      const conditions = [matchWithin(inCidr, parameters), scope.hasVm("a.vm_id", parameters)];
      if (after !== null) {
        const position = `${parameters.add(after.address)}::inet, ${parameters.add(after.vmId)}::uuid`;
        conditions.push(`(a.address, a.vm_id) > (${position})`);
      }
      return queryRows<GuestAddressRow>(
        database,
        `SELECT host(a.address) AS address, a.vm_id AS "vmId" FROM vnic_graph_address a
         WHERE ${conditions.join(" AND ")} ORDER BY a.address, a.vm_id LIMIT ${parameters.add(limit)}`,
        parameters.values,
      );
    },
    countGuestAddresses: ({ inCidr }) => {
      const parameters = new SqlParameters();
      const where = `${matchWithin(inCidr, parameters)} AND ${scope.hasVm("a.vm_id", parameters)}`;
      return count(database, `SELECT FROM vnic_graph_address a WHERE ${where}`, parameters);
    },
    readAddressConflicts: (question) => {
      const parameters = new SqlParameters();
      const conflicts = selectAddressConflicts(question, scope, parameters);
      return queryRows<AddressConflictRow>(
        database,
        `SELECT host(address) AS address, vm_count::int AS "vmCount", vm_ids AS "vmIds" FROM (${conflicts}) c
         ORDER BY c.address LIMIT ${parameters.add(question.limit)}`,
        parameters.values,
      );
    },
    countAddressConflicts: (question) => {
      const parameters = new SqlParameters();
      const conflicts = selectAddressConflicts({ ...question, after: null }, scope, parameters);
      return count(database, conflicts, parameters);
    },
    readMacConflicts: ({ after, limit }) => {
      const parameters = new SqlParameters();
      const conflicts = selectMacConflicts(after, scope, parameters);
      return queryRows<MacConflictRow>(
        database,
        `${conflicts} ORDER BY shared.mac_addr LIMIT ${parameters.add(limit)}`,
        parameters.values,
      );
    },
    countMacConflicts: () => {
      const parameters = new SqlParameters();
      return count(database, selectMacConflicts(null, scope, parameters), parameters);
    },
    readDrift: async ({ kinds, after, limit }) => {
      const parameters = new SqlParameters();
      const conditions = [matchKinds(kinds, parameters), scope.hasVm("f.vm_id", parameters)];
      if (after !== null) {
        const { vmId, kindNumber, key } = after;
        const position = `${parameters.add(vmId)}::uuid, ${parameters.add(kindNumber)}::smallint, ${parameters.add(key)}::text`;
        conditions.push(`(f.vm_id, f.kind, f.key) > (${position})`);
      }
      const rows = await queryRows<Omit<DriftRow, "kind">>(
        database,
        `SELECT f.vm_id AS "vmId", f.kind AS "kindNumber", f.key, f.nic_id AS "nicId", f.device_name AS "deviceName",
           f.device_mac AS "deviceMac"
         FROM vnic_graph_drift f WHERE ${conditions.join(" AND ")}
         ORDER BY f.vm_id, f.kind, f.key LIMIT ${parameters.add(limit)}`,
        parameters.values,
      );
      return rows.map((row) => ({ ...row, kind: KIND_BY_NUMBER[row.kindNumber] ?? "DEVICE_UNKNOWN" }));
    },
    countDrift: ({ kinds }) => {
      const parameters = new SqlParameters();
      const where = `${matchKinds(kinds, parameters)} AND ${scope.hasVm("f.vm_id", parameters)}`;
      return count(database, `SELECT FROM vnic_graph_drift f WHERE ${where}`, parameters);
    },
  };
}

function matchWithin(cidr: Cidr | null, parameters: SqlParameters): string {
  return cidr === null ? "true" : matchCidr("a.address", cidr, parameters);
}

/**
 * Builds the condition that an address is neither loopback nor link-local nor multicast, nor one to which each machine
 * without IPv4 translates (192.0.0.0/29). The two comparisons give the range in which the index is read.
 */
export function matchReaching(address: string): string {
  return [
    `${address} > '0.255.255.255'::inet AND ${address} < 'fe80::'::inet`,
    ...["127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/29", "224.0.0.0/3", "::1/128"].map(
      (prefix) => `NOT ${address} <<= '${prefix}'::inet`,
    ),
  ].join(" AND ");
}

/** The usual addresses of bridges of containers, for guests that report addresses without interfaces. */
export const USUAL_BRIDGES = `ARRAY[${USUAL_BRIDGE_ADDRESSES.map((address) => `'${address}'`).join(", ")}]::inet[]`;

/**
 * Selects the addresses that are in conflict: several VMs have them, and two of these are on the same network, or the
 * network of one is not known.
 * 1. Find the addresses that several VMs have, by the index and in its order.
 * 2. For each of these VMs, find the interface with the address, and its network.
 * 3. Leave out bridges of containers, which are inside a guest, unless a vNIC is behind them.
 * 4. Count what is left of this address before the next one is looked at, so that a page ends when it is full.
 *
 * Where 10,000 VMs have the address of docker0, it looks at each of them, which takes 0.2 s. A hash join of all interfaces
 * takes longer.
 */
export function selectAddressConflicts(
  { within, network, after }: Omit<AddressConflictsQuestion, "limit">,
  scope: VmScopeSql,
  parameters: SqlParameters,
  /** How many of its VMs are returned for each address; `null`: all. */
  holdersShown: number | null = HOLDERS_SHOWN,
): string {
  const visible = scope.hasVm("a.vm_id", parameters);
  const isBehind = after === null ? "true" : `a.address > ${parameters.add(after)}::inet`;
  const isMeant =
    network === null
      ? "true"
      : `coalesce(h.network, ${parameters.add(network)}::text) = ${parameters.add(network)}::text`;
  const all = "array_agg(h.vm_id ORDER BY h.vm_id)";
  const holders = holdersShown === null ? all : `(${all})[1:${holdersShown}]`;
  return `SELECT s.address, c.vm_count, c.vm_ids
    FROM (
      SELECT shared.address FROM (
        SELECT a.address FROM vnic_graph_address a
        WHERE ${isBehind} AND ${matchWithin(within, parameters)} AND ${matchReaching("a.address")} AND ${visible}
        ORDER BY a.address OFFSET 0) shared
      GROUP BY shared.address HAVING count(*) > 1 ORDER BY shared.address) s
    CROSS JOIN LATERAL (
      SELECT count(*) AS vm_count, ${holders} AS vm_ids FROM (
        SELECT a.vm_id, on_nic.network
        FROM vnic_graph_address a
        LEFT JOIN LATERAL (
          SELECT e.network, n.id IS NOT NULL OR g.interface_name IS NULL OR NOT g.interface_name ~* '${CONTAINER_PATTERN}' AS is_outside
          FROM vm_guest_agent_interfaces g
          LEFT JOIN vm_interface n ON n.vm_guid = g.vm_id AND n.mac_addr = g.mac_address
          LEFT JOIN vnic_graph_nic e ON e.nic_id = n.id
          WHERE g.vm_id = a.vm_id
            AND host(a.address) = ANY(string_to_array(concat_ws(',', g.ipv4_addresses, g.ipv6_addresses), ','))
          ORDER BY 2 DESC, n.id IS NULL, e.network COLLATE "C" LIMIT 1) on_nic ON true
        WHERE a.address = s.address AND coalesce(on_nic.is_outside, a.address <> ALL(${USUAL_BRIDGES})) AND ${visible} OFFSET 0) h
      WHERE ${isMeant}
      HAVING count(*) > 1 AND (count(h.network) < count(*) OR count(DISTINCT h.network) < count(*))) c`;
}

function selectMacConflicts(after: string | null, scope: VmScopeSql, parameters: SqlParameters): string {
  const isBehind = after === null ? "true" : `n.mac_addr > ${parameters.add(after)}::varchar`;
  return `SELECT shared.mac_addr AS "macAddress", vms.count::int AS "vmCount"
    FROM (SELECT n.mac_addr FROM vm_interface n WHERE n.mac_addr IS NOT NULL AND ${isBehind}
      GROUP BY n.mac_addr HAVING count(*) > 1) shared
    CROSS JOIN LATERAL (SELECT count(DISTINCT n.vm_guid) AS count FROM vm_interface n
      WHERE n.mac_addr = shared.mac_addr AND ${scope.hasVm("n.vm_guid", parameters)}) vms
    WHERE vms.count > 1`;
}

function matchKinds(kinds: readonly DriftKind[] | null, parameters: SqlParameters): string {
  if (kinds === null) return "true";
  return `f.kind = ANY(${parameters.add(kinds.map((kind) => DRIFT_KINDS[kind]))}::smallint[])`;
}

const KIND_BY_NUMBER = Object.fromEntries(
  Object.entries(DRIFT_KINDS).map(([kind, number]) => [number, kind as DriftKind]),
) as Readonly<Record<number, DriftKind>>;

async function count(database: Queryable, select: string, { values }: SqlParameters): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM (${select}) counted`;
  const [row] = await queryOptionalRows<{ count: number }>(database, sql, values);
  return row?.count ?? 0;
}
