import type { VmScopeSql } from "./conditions/scope.js";
import { FROM_VMS, OWN_CONDITIONS, STALE_REASON } from "./conditions/own-conditions.js";
import { buildSearchOrder } from "./conditions/search-conditions.js";
import { buildVmConditions } from "./conditions/vm-conditions.js";
import { SqlParameters, queryRows, queryOptionalRows, type Queryable } from "../postgres/sql.js";
import type { ReadStore, VmFilter, VmIdList, VmRow } from "../types.js";

/** Reads one page of VMs in one of the orders, from the place after a cursor. */
export async function readVmsPage(
  database: Queryable,
  { limit, after, filter, order }: PageRequest,
  scope: VmScopeSql,
): Promise<VmRow[]> {
  const parameters = new SqlParameters();
  const conditions = [buildVmConditions(filter, scope, OWN_CONDITIONS, parameters)];
  const { columns, direction, compare } = ORDERS[order];
  if (after !== null) {
    const name = order === "ID_ASC" ? [] : [`${parameters.add(after.name)}::text COLLATE "C"`];
    conditions.push(
      `(${columns.join(", ")}) ${compare} (${[...name, `${parameters.add(after.id)}::uuid`].join(", ")})`,
    );
  }
  const ordering = columns.map((column) => `${column} ${direction}`).join(", ");
  return queryRows<VmRow>(
    database,
    `${SELECT_VMS} WHERE ${conditions.join(" AND ")} ORDER BY ${ordering} LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
}

/** Counts how many VMs a filter lets through. */
export async function countVms(database: Queryable, filter: VmFilter, scope: VmScopeSql): Promise<number> {
  const parameters = new SqlParameters();
  const where = buildVmConditions(filter, scope, OWN_CONDITIONS, parameters);
  const [row] = await queryOptionalRows<{ count: string }>(
    database,
    `SELECT count(*) AS count FROM ${FROM_VMS} WHERE ${where}`,
    parameters.values,
  );
  return Number(row?.count ?? 0);
}

/** Reads the ids of the VMs that a filter lets through, in an order. */
export async function readVmIds(
  database: Queryable,
  { filter, sort, offset, limit }: VmIdList,
  scope: VmScopeSql,
): Promise<string[]> {
  const parameters = new SqlParameters();
  const where = buildVmConditions(filter, scope, OWN_CONDITIONS, parameters);
  const order = buildSearchOrder(sort, OWN_CONDITIONS);
  const rows = await queryRows<{ id: string }>(
    database,
    `SELECT s.vm_guid AS id FROM ${FROM_VMS} ${order.join}
     WHERE ${where} ORDER BY ${order.by}
     OFFSET ${parameters.add(offset)}::bigint LIMIT ${parameters.add(limit)}::bigint`,
    parameters.values,
  );
  return rows.map(({ id }) => id);
}

/** Reads the VMs with one of the ids. */
export async function readVmsByIds(
  database: Queryable,
  ids: readonly string[],
  scope: VmScopeSql,
): Promise<VmRow[]> {
  const parameters = new SqlParameters();
  const conditions = [
    `s.vm_guid = ANY(${parameters.add(ids)}::uuid[])`,
    buildVmConditions({}, scope, OWN_CONDITIONS, parameters),
  ];
  return queryRows<VmRow>(
    database,
    `${SELECT_VMS} WHERE ${conditions.join(" AND ")} ORDER BY ${BY_NAME}`,
    parameters.values,
  );
}

/**
 * Reads the VMs of each host, the first by name if there is a limit. Numbered, because a LIMIT for each host would make
 * PostgreSQL walk through the names of all VMs, once for each host that runs few.
 */
export async function readVmsByHosts(
  database: Queryable,
  hostIds: readonly string[],
  limitPerHost: number | null,
  scope: VmScopeSql,
): Promise<VmRow[]> {
  const parameters = new SqlParameters();
  const conditions = [
    `d.run_on_vds = ANY(${parameters.add(hostIds)}::uuid[])`,
    buildVmConditions({}, scope, OWN_CONDITIONS, parameters),
  ];
  const numbered = `SELECT s.vm_guid, row_number() OVER (PARTITION BY d.run_on_vds ORDER BY ${BY_NAME}) AS number
    FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid WHERE ${conditions.join(" AND ")}`;
  const first = limitPerHost === null ? "" : ` WHERE number <= ${parameters.add(limitPerHost)}`;
  return queryRows<VmRow>(
    database,
    `${SELECT_VMS} WHERE s.vm_guid IN (SELECT vm_guid FROM (${numbered}) AS numbered${first}) ORDER BY ${BY_NAME}`,
    parameters.values,
  );
}

type PageRequest = Parameters<ReadStore["readVmsPage"]>[0];

const ORDERS = {
  NAME_ASC: { columns: ['s.vm_name COLLATE "C"', "s.vm_guid"], direction: "ASC", compare: ">" },
  NAME_DESC: { columns: ['s.vm_name COLLATE "C"', "s.vm_guid"], direction: "DESC", compare: "<" },
  ID_ASC: { columns: ["s.vm_guid"], direction: "ASC", compare: ">" },
} as const;
const BY_NAME = ORDERS.NAME_ASC.columns.join(", ");

/** Without an owner a VM is down: nobody could know better, so nothing about it is stale. */
const IS_FRESH = `d.run_on_vds IS NOT NULL AND coalesce(r.missed_passes, 0) = 0
  AND (r.silence IS NULL OR r.silence IN ('ips-only', 'partial'))`;

/** An unreadable report hides which silence came before it: stored rows are then the only witness. */
const INTERFACES_KNOWN = `(r.vm_id IS NOT NULL AND (r.silence IS NULL OR r.silence IN ('silent', 'partial') OR (r.silence = 'invalid'
  AND EXISTS (SELECT FROM vm_guest_agent_interfaces i WHERE i.vm_id = s.vm_guid))))`;

/** A hash is stored with each answer about a VM's vNICs; without one, those of an earlier answer are the only witness. */
const NICS_KNOWN = `(r.inventory_hash IS NOT NULL OR EXISTS (SELECT FROM vm_interface n WHERE n.vm_guid = s.vm_guid))`;

const SELECT_VMS = `SELECT s.vm_guid AS id, s.vm_name AS name, d.status, d.run_on_vds AS "hostId",
  CASE WHEN d.vm_ip <> '' THEN string_to_array(d.vm_ip, ' ') WHEN ${INTERFACES_KNOWN} THEN ARRAY[]::text[] END AS ips,
  nullif(d.vm_fqdn, '') AS fqdn,
  ${INTERFACES_KNOWN} AS "interfacesKnown",
  ${NICS_KNOWN} AS "nicsKnown",
  CASE WHEN ${IS_FRESH} THEN h.last_success_at ELSE r.last_reported_at END AS "lastReportedAt",
  ${STALE_REASON} AS "staleReason", r.stale_detail AS "staleDetail"
FROM ${FROM_VMS}`;
