import type { DataSource } from "typeorm";
import type { VisibleVms } from "./scope.js";
import { SqlParameters, rowsOf } from "../postgres/sql.js";
import type { ReadStore, VmFilter, VmRow } from "../types.js";

/** One page of VMs in one of the orders, from the place after a cursor. */
export async function readVmsPage(
  dataSource: DataSource,
  { limit, after, filter, order }: PageRequest,
  visible: VisibleVms | null,
): Promise<VmRow[]> {
  const parameters = new SqlParameters();
  const conditions = conditionsOf(filter, visible, parameters);
  const { columns, direction, compare } = ORDERS[order];
  if (after !== null) {
    const place = order === "ID_ASC" ? [] : [`${parameters.add(after.name)}::text COLLATE "C"`];
    conditions.push(
      `(${columns.join(", ")}) ${compare} (${[...place, `${parameters.add(after.id)}::uuid`].join(", ")})`,
    );
  }
  const ordering = columns.map((column) => `${column} ${direction}`).join(", ");
  return rowsOf<VmRow>(
    dataSource,
    `${SELECT_VMS} WHERE ${conditions.join(" AND ")} ORDER BY ${ordering} LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
}

/** How many VMs a filter lets through. */
export async function countVms(
  dataSource: DataSource,
  filter: VmFilter,
  visible: VisibleVms | null,
): Promise<number> {
  const parameters = new SqlParameters();
  const conditions = conditionsOf(filter, visible, parameters);
  const [row] = await rowsOf<{ count: string }>(
    dataSource,
    `SELECT count(*) AS count FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
     WHERE ${conditions.join(" AND ")}`,
    parameters.values,
  );
  return Number(row?.count ?? 0);
}

/** The VMs with one of the ids. */
export async function readVmsByIds(
  dataSource: DataSource,
  ids: readonly string[],
  visible: VisibleVms | null,
): Promise<VmRow[]> {
  const parameters = new SqlParameters();
  const conditions = [
    `s.vm_guid = ANY(${parameters.add(ids)}::uuid[])`,
    ...conditionsOf({}, visible, parameters),
  ];
  return rowsOf<VmRow>(
    dataSource,
    `${SELECT_VMS} WHERE ${conditions.join(" AND ")} ORDER BY ${BY_NAME}`,
    parameters.values,
  );
}

/**
 * The VMs of each host, the first by name if there is a limit. Numbered, because a LIMIT for each host would make
 * PostgreSQL walk through the names of all VMs, once for each host that runs few.
 */
export async function readVmsByHosts(
  dataSource: DataSource,
  hostIds: readonly string[],
  limitPerHost: number | null,
  visible: VisibleVms | null,
): Promise<VmRow[]> {
  const parameters = new SqlParameters();
  const conditions = [
    `d.run_on_vds = ANY(${parameters.add(hostIds)}::uuid[])`,
    ...conditionsOf({}, visible, parameters),
  ];
  const numbered = `SELECT s.vm_guid, row_number() OVER (PARTITION BY d.run_on_vds ORDER BY ${BY_NAME}) AS place
    FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid WHERE ${conditions.join(" AND ")}`;
  const first = limitPerHost === null ? "" : ` WHERE place <= ${parameters.add(limitPerHost)}`;
  return rowsOf<VmRow>(
    dataSource,
    `${SELECT_VMS} WHERE s.vm_guid IN (SELECT vm_guid FROM (${numbered}) AS numbered${first}) ORDER BY ${BY_NAME}`,
    parameters.values,
  );
}

type PageRequest = globalThis.Parameters<ReadStore["vmsPage"]>[0];

function conditionsOf(filter: VmFilter, visible: VisibleVms | null, parameters: SqlParameters): string[] {
  // An engine keeps its templates in the same table.
  const conditions = ["s.entity_type = 'VM'"];
  if (filter.nameContains !== undefined) {
    // Not LIKE: `%` and `_` in a name are nothing special.
    conditions.push(`strpos(lower(s.vm_name), lower(${parameters.add(filter.nameContains)}::text)) > 0`);
  }
  if (filter.statuses !== undefined)
    conditions.push(`d.status = ANY(${parameters.add(filter.statuses)}::int[])`);
  if (filter.hostId !== undefined) conditions.push(`d.run_on_vds = ${parameters.add(filter.hostId)}::uuid`);
  if (filter.ip !== undefined) conditions.push(reportsAddress(parameters.add([filter.ip])));
  if (visible !== null) conditions.push(visible.isVm(parameters));
  return conditions;
}

/** The same expressions as those of the indexes, so that an address is found without reading every VM. */
function reportsAddress(place: string): string {
  return `s.vm_guid IN (
    SELECT vm_guid FROM vm_dynamic WHERE string_to_array(vm_ip, ' ') @> ${place}::text[]
    UNION
    SELECT vm_id FROM vm_guest_agent_interfaces WHERE
      array_remove(string_to_array(coalesce(ipv4_addresses, '') || ',' || coalesce(ipv6_addresses, ''), ','), '')
        @> ${place}::text[])`;
}

const ORDERS = {
  NAME_ASC: { columns: ['s.vm_name COLLATE "C"', "s.vm_guid"], direction: "ASC", compare: ">" },
  NAME_DESC: { columns: ['s.vm_name COLLATE "C"', "s.vm_guid"], direction: "DESC", compare: "<" },
  ID_ASC: { columns: ["s.vm_guid"], direction: "ASC", compare: ">" },
} as const;
const BY_NAME = ORDERS.NAME_ASC.columns.join(", ");

/** Without an owner a VM is down: nobody could know better, so nothing about it is stale. */
const IS_FRESH = `d.run_on_vds IS NOT NULL AND coalesce(r.missed_passes, 0) = 0
  AND (r.silence IS NULL OR r.silence = 'ips-only')`;

/** An unreadable report hides which silence came before it: stored rows are then the only witness. */
const INTERFACES_KNOWN = `(r.vm_id IS NOT NULL AND (r.silence IS NULL OR r.silence = 'silent' OR (r.silence = 'invalid'
  AND EXISTS (SELECT FROM vm_guest_agent_interfaces i WHERE i.vm_id = s.vm_guid))))`;

/** Trouble with the host comes first: while it lasts, nothing is known of its guests, silent or not. */
const STALE_REASON = `CASE
  WHEN d.run_on_vds IS NULL THEN NULL
  WHEN h.last_error_kind = 'recovering' THEN 'HOST_RECOVERING'
  WHEN h.last_error_kind IN ('unreachable', 'timeout') THEN 'HOST_UNREACHABLE'
  WHEN h.last_error_kind IS NOT NULL THEN 'HOST_FAILED'
  WHEN h.active IS NOT TRUE OR h.last_success_at IS NULL THEN 'REFRESH_OVERDUE'
  WHEN h.last_success_at < now() - 2 * h.interval_ms * interval '1 millisecond' THEN 'REFRESH_OVERDUE'
  WHEN r.missed_passes > 0 THEN 'VM_MISSING'
  WHEN r.silence = 'absent' THEN 'AGENT_ABSENT'
  WHEN r.silence = 'silent' THEN 'AGENT_SILENT'
  WHEN r.silence = 'invalid' THEN 'REPORT_INVALID'
END`;

const SELECT_VMS = `SELECT s.vm_guid AS id, s.vm_name AS name, d.status, d.run_on_vds AS "hostId",
  CASE WHEN d.vm_ip <> '' THEN string_to_array(d.vm_ip, ' ') WHEN ${INTERFACES_KNOWN} THEN ARRAY[]::text[] END AS ips,
  nullif(d.vm_fqdn, '') AS fqdn,
  ${INTERFACES_KNOWN} AS "interfacesKnown",
  CASE WHEN ${IS_FRESH} THEN h.last_success_at ELSE r.last_reported_at END AS "lastReportedAt",
  ${STALE_REASON} AS "staleReason"
FROM vm_static s
JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
LEFT JOIN vnic_graph_vm r ON r.vm_id = s.vm_guid
LEFT JOIN vnic_graph_host h ON h.host_id = d.run_on_vds`;
