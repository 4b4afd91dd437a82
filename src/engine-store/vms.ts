import { isWithoutGuest, VM_STATUS } from "../model/guest/vm-status.js";
import { buildSearchOrder, type VmConditionSql } from "../store/read/conditions/search-conditions.js";
import { buildVmConditions } from "../store/read/conditions/vm-conditions.js";
import { listParts } from "../store/read/vms/page-order.js";
import type { VmScopeSql } from "../store/read/conditions/scope.js";
import {
  queryRows,
  queryOptionalRows,
  querySearchRows,
  SqlParameters,
  type Queryable,
} from "../store/postgres/sql.js";
import type { VmFilter, VmIdList, VmPageRequest, VmRow } from "../store/types.js";
import { ENGINE_CONDITIONS, FROM_VMS, mayHaveGuest } from "./conditions/engine-conditions.js";
import { findGuestState } from "./guest-state.js";
import { INTERFACE_ORDER } from "./interfaces.js";
import { parseIpv4List, parseIpv6List } from "./normalize.js";
import { buildPageStatement } from "./vm-page.js";

/** Reads one page of VMs. */
export async function readVmsPage(
  database: Queryable,
  page: VmPageRequest,
  scope: VmScopeSql,
  source: VmConditionSql,
): Promise<VmRow[]> {
  if (listParts(page).length === 0) return [];
  const parameters = new SqlParameters();
  const { chosen, ...statement } = buildPageStatement(page, scope, source, parameters);
  const isSorted = statement.orderKey !== undefined;
  const rows = await readVms(
    database,
    { ...statement, rows: selectVms(chosen), isSearch: isSorted || isSearch(page.filter) },
    parameters,
  );
  return page.fromEnd === true ? rows.reverse() : rows;
}

/** Tells whether no index helps a filter. Pages by name or id, and those of a host, have an index. */
function isSearch({ ip, nameContains, statuses, search }: VmFilter): boolean {
  return ip !== undefined || nameContains !== undefined || statuses !== undefined || search !== undefined;
}

/** Reads the sorted ids of the VMs that a filter finds. */
export async function readVmIds(
  database: Queryable,
  { filter, sort, offset, limit }: VmIdList,
  scope: VmScopeSql,
  source: VmConditionSql,
): Promise<string[]> {
  const parameters = new SqlParameters();
  const order = buildSearchOrder(sort, source);
  const rows = await querySearchRows<{ id: string }>(
    database,
    `SELECT s.vm_guid AS id FROM ${FROM_VMS} ${order.join} WHERE ${buildVmConditions(filter, scope, source, parameters)}
      ORDER BY ${order.by}
      OFFSET ${parameters.add(offset)}::bigint LIMIT ${parameters.add(limit)}::bigint`,
    parameters.values,
  );
  return rows.map(({ id }) => id);
}

/** Counts the VMs that a filter finds. */
export async function countVms(
  database: Queryable,
  filter: VmFilter,
  scope: VmScopeSql,
  source: VmConditionSql,
): Promise<number> {
  const parameters = new SqlParameters();
  const [row] = await queryOptionalRows<{ count: number }>(
    database,
    `SELECT count(*)::int AS count FROM ${FROM_VMS}
      WHERE ${buildVmConditions(filter, scope, source, parameters)}`,
    parameters.values,
  );
  return row?.count ?? 0;
}

/** Reads the VMs with one of the ids. */
export function readVmsByIds(
  database: Queryable,
  ids: readonly string[],
  scope: VmScopeSql,
): Promise<VmRow[]> {
  const parameters = new SqlParameters();
  const chosen = `SELECT s.vm_guid FROM ${FROM_VMS} WHERE s.vm_guid = ANY(${parameters.add(ids)}::uuid[])
    AND ${buildVmConditions({}, scope, ENGINE_CONDITIONS, parameters)}`;
  return readVms(database, { rows: selectVms(chosen), order: "v.vm_guid" }, parameters);
}

/** Reads the first VMs of each host by name in code points, as the loaders sort. They come in any order. */
export function readVmsByHosts(
  database: Queryable,
  hostIds: readonly string[],
  limitPerHost: number | null,
  scope: VmScopeSql,
): Promise<VmRow[]> {
  const parameters = new SqlParameters();
  const ids = [...new Set(hostIds)];
  const hosts = `${parameters.add(ids)}::uuid[]`;
  const where = buildVmConditions({}, scope, ENGINE_CONDITIONS, parameters);
  const limit = limitPerHost === null ? null : parameters.add(limitPerHost);
  return readVms(database, { rows: selectOfHosts(ids.length, hosts, where, limit) }, parameters);
}

/** The most hosts for which looking up the names of their VMs singly is faster than reading all names. */
const FEW_HOSTS = 64;

function selectOfHosts(count: number, hosts: string, where: string, limit: string | null): string {
  const byName = `s.vm_name COLLATE "C", s.vm_guid`;
  if (limit === null) {
    return selectVms(`SELECT s.vm_guid FROM ${FROM_VMS} WHERE d.run_on_vds = ANY(${hosts}) AND ${where}`);
  }
  if (count <= FEW_HOSTS) {
    return selectVms(`SELECT first.vm_guid FROM unnest(${hosts}) AS asked (vds_id)
      CROSS JOIN LATERAL (
        SELECT s.vm_guid FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
        WHERE d.run_on_vds = asked.vds_id AND ${where} ORDER BY ${byName} LIMIT ${limit}::int) AS first`);
  }
  // An engine has no index by host and name, and sorting all VMs would cost the most. So all names are read once into
  // one list for each host, of which the first are taken. The lists are joined with the hosts only then; with a
  // condition on hosts before, PostgreSQL would plan for a few VMs.
  return `SELECT ${VM_COLUMNS} FROM unnest(${hosts}) AS asked (vds_id)
    JOIN (SELECT d.run_on_vds, array_agg(s.vm_name) AS names, array_agg(s.vm_guid) AS ids
      FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      WHERE d.run_on_vds IS NOT NULL AND ${where} GROUP BY d.run_on_vds) AS listed ON listed.run_on_vds = asked.vds_id
    CROSS JOIN LATERAL (
      SELECT s.vm_name, s.vm_guid FROM unnest(listed.names, listed.ids) AS s (vm_name, vm_guid)
      ORDER BY ${byName} LIMIT ${limit}::int) AS s
    JOIN vm_dynamic d ON d.vm_guid = s.vm_guid`;
}

/** The columns that are read of each VM. */
const VM_COLUMNS = `s.vm_guid, s.vm_name, d.status, d.run_on_vds, d.vm_ip, d.vm_fqdn, d.guest_agent_nics_hash`;

/**
 * Selects the VMs whose ids `chosen` selects. The ids go through an array, so that PostgreSQL looks up by key what
 * follows. It estimates pages to be much longer than they are, and would read whole tables.
 */
function selectVms(chosen: string): string {
  return `SELECT ${VM_COLUMNS} FROM unnest(ARRAY(${chosen})) AS chosen (vm_guid)
    JOIN vm_static s ON s.vm_guid = chosen.vm_guid
    LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid`;
}

/** The parts of a statement that reads VMs. */
interface VmsStatement {
  /** A SELECT of {@link VM_COLUMNS}. */
  readonly rows: string;
  /** How to sort these rows, which are called `v`, and whatever follows an ORDER BY; absent: in any order. */
  readonly order?: string;
  /** A WITH clause that `rows` uses. */
  readonly before?: string;
  /** `true` if no index helps it. */
  readonly isSearch?: boolean;
  /** The value by which the rows are sorted, as text; absent if no cursor needs it. */
  readonly orderKey?: string;
}

async function readVms(
  database: Queryable,
  { rows, order, before = "", isSearch: searches = false, orderKey }: VmsStatement,
  { values }: SqlParameters,
): Promise<VmRow[]> {
  const sql = `${before}
    SELECT v.vm_guid AS id, v.vm_name AS name, coalesce(v.status, ${VM_STATUS.UNASSIGNED}) AS status,
      v.run_on_vds AS "hostId", nullif(v.vm_ip, '') AS "vmIp", nullif(v.vm_fqdn, '') AS fqdn,
      coalesce(v.guest_agent_nics_hash, 0) AS "nicsHash", h.status AS "hostStatus",
      ${HAS_INTERFACES} AS "hasInterfaces",
      ${KEPT_ADDRESSES} AS "keptAddresses"${orderKey === undefined ? "" : `, ${orderKey} AS "orderKey"`}
    FROM (${rows}) AS v LEFT JOIN vds_dynamic h ON h.vds_id = v.run_on_vds
    ${order === undefined ? "" : `ORDER BY ${order}`}`;
  const read = searches ? querySearchRows<EngineVm> : queryRows<EngineVm>;
  return (await read(database, sql, values)).map(toVmRow);
}

/**
 * Tells whether the VM has interfaces. They are looked up only if the hash does not show that the guest reports: see
 * {@link findGuestState}.
 */
const HAS_INTERFACES = `(v.guest_agent_nics_hash <> 0 IS TRUE
      OR EXISTS (SELECT FROM vm_guest_agent_interfaces g WHERE g.vm_id = v.vm_guid))`;

/**
 * Selects the addresses in the satellite table if `vm_ip` is empty: an engine clears it while a host does not answer,
 * and keeps the rows. Without this, a stale answer would show interfaces with addresses, and say that the VM has none.
 */
const KEPT_ADDRESSES = `CASE WHEN v.vm_ip <> '' OR NOT ${mayHaveGuest("v.status")} THEN NULL ELSE (
        SELECT string_agg(concat_ws(',', g.ipv4_addresses, g.ipv6_addresses), ',' ORDER BY ${INTERFACE_ORDER})
        FROM vm_guest_agent_interfaces g WHERE g.vm_id = v.vm_guid) END`;

interface EngineVm {
  readonly id: string;
  readonly name: string;
  readonly status: number;
  readonly hostId: string | null;
  readonly vmIp: string | null;
  readonly fqdn: string | null;
  readonly nicsHash: number;
  readonly hostStatus: number | null;
  readonly hasInterfaces: boolean;
  readonly keptAddresses: string | null;
  readonly orderKey?: string | null;
}

function toVmRow(vm: EngineVm): VmRow {
  const { id, name, status, hostId, vmIp, fqdn, keptAddresses, orderKey } = vm;
  const { interfacesKnown, staleReason } = findGuestState(vm);
  // The engine's own list, even if the interfaces have other addresses.
  const addresses = isWithoutGuest(status) ? null : (vmIp ?? keptAddresses);
  return {
    id,
    name,
    status,
    hostId,
    ips: interfacesKnown || vmIp !== null ? [...parseIpv4List(addresses), ...parseIpv6List(addresses)] : null,
    fqdn,
    interfacesKnown,
    // An engine defines the vNICs itself.
    nicsKnown: true,
    // An engine does not store when a guest reported.
    lastReportedAt: null,
    staleReason,
    staleDetail: null,
    // It does not store when something changed either.
    staleSince: null,
    lastChangedAt: null,
    ...(orderKey !== undefined && { orderKey }),
  };
}
