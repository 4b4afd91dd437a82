import type { VmScopeSql } from "../conditions/scope.js";
import { buildByCandidates } from "../conditions/candidates.js";
import { FROM_VMS, OWN_CONDITIONS } from "../conditions/own-conditions.js";
import { buildSearchOrder } from "../conditions/search-conditions.js";
import { buildVmConditions } from "../conditions/vm-conditions.js";
import { SqlParameters, queryRows, queryOptionalRows, type Queryable } from "../../postgres/sql.js";
import type { VmFilter, VmIdList, VmRow } from "../../types.js";
import { SELECT_VMS } from "./vm-columns.js";

/** Counts the VMs that match a filter. */
export async function countVms(database: Queryable, filter: VmFilter, scope: VmScopeSql): Promise<number> {
  const parameters = new SqlParameters();
  const search = { filter, scope, source: OWN_CONDITIONS, reads: "all", id: "s.vm_guid" } as const;
  const count = buildByCandidates(
    search,
    parameters,
    (where) => `SELECT count(*) AS count FROM ${FROM_VMS} WHERE ${where}`,
  );
  const rows = await queryOptionalRows<{ count: string }>(database, count, parameters.values);
  return rows.reduce((sum, row) => sum + Number(row.count), 0);
}

/**
 * Reads a text that differs after each change that readers see. Every row of the log moves the `changed_at` of its VM, and
 * the mark sums these times. The highest `seq` would not do, because a lower one may be committed later.
 */
export async function readChangeMark(database: Queryable): Promise<string> {
  const [row] = await queryRows<{ mark: string }>(
    database,
    `SELECT concat_ws(' ', count(*), sum(extract(epoch FROM r.changed_at)), max(r.changed_at),
       (SELECT sum(hashtext(concat_ws(' ', v.vds_id, v.vds_name, v.host_name))) FROM vds_static v)) AS mark FROM vnic_graph_vm r`,
  );
  return row?.mark ?? "";
}

/** Reads the ids of the VMs that match a filter, in an order. */
export async function readVmIds(
  database: Queryable,
  { filter, sort, offset, limit }: VmIdList,
  scope: VmScopeSql,
): Promise<string[]> {
  const parameters = new SqlParameters();
  const order = buildSearchOrder(sort, OWN_CONDITIONS);
  const bounds = `OFFSET ${parameters.add(offset)}::bigint LIMIT ${parameters.add(limit)}::bigint`;
  const search = { filter, scope, source: OWN_CONDITIONS, reads: "all", id: "s.vm_guid" } as const;
  const select = buildByCandidates(
    search,
    parameters,
    (where) =>
      `SELECT s.vm_guid AS id FROM ${FROM_VMS} ${order.join} WHERE ${where} ORDER BY ${order.by} ${bounds}`,
  );
  const rows = await queryRows<{ id: string }>(database, select, parameters.values);
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
    `s.vm_guid = ANY(${parameters.addKeys(ids, "uuid")})`,
    buildVmConditions({}, scope, OWN_CONDITIONS, parameters),
  ];
  return queryRows<VmRow>(
    database,
    `${SELECT_VMS} WHERE ${conditions.join(" AND ")} ORDER BY ${BY_NAME}`,
    parameters.values,
  );
}

/** Reads the VMs of each host; with a limit, the first ones by name. */
export function readVmsByHosts(
  database: Queryable,
  hostIds: readonly string[],
  limitPerHost: number | null,
  scope: VmScopeSql,
): Promise<VmRow[]> {
  return readRowsByHosts<VmRow>(database, SELECT_VMS, { hostIds, limitPerHost }, scope);
}

/**
 * Reads what a SELECT reads of VMs, for the VMs of each host; with a limit, for the first ones by name. It numbers the VMs,
 * because with a LIMIT for each host PostgreSQL would read the names of all VMs again for each host that runs few.
 */
export async function readRowsByHosts<Row extends object>(
  database: Queryable,
  select: string,
  { hostIds, limitPerHost }: { readonly hostIds: readonly string[]; readonly limitPerHost: number | null },
  scope: VmScopeSql,
): Promise<Row[]> {
  const parameters = new SqlParameters();
  const conditions = [
    `d.run_on_vds = ANY(${parameters.addKeys(hostIds, "uuid")})`,
    buildVmConditions({}, scope, OWN_CONDITIONS, parameters),
  ];
  const numbered = `SELECT s.vm_guid, row_number() OVER (PARTITION BY d.run_on_vds ORDER BY ${BY_NAME}) AS number
    FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid WHERE ${conditions.join(" AND ")}`;
  const first = limitPerHost === null ? "" : ` WHERE number <= ${parameters.add(limitPerHost)}`;
  return queryRows<Row>(
    database,
    `${select} WHERE s.vm_guid IN (SELECT vm_guid FROM (${numbered}) AS numbered${first}) ORDER BY ${BY_NAME}`,
    parameters.values,
  );
}

const BY_NAME = 's.vm_name COLLATE "C", s.vm_guid';
