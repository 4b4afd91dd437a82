import { buildSearchOrder, type VmConditionSql } from "../store/read/conditions/search-conditions.js";
import { buildVmConditions } from "../store/read/conditions/vm-conditions.js";
import { listParts, splitOrder } from "../store/read/vms/page-order.js";
import type { VmScopeSql } from "../store/read/conditions/scope.js";
import { queryOptionalRows, querySearchRows, SqlParameters, type Queryable } from "../store/postgres/sql.js";
import type { VmFilter, VmIdList, VmPageRequest } from "../store/types.js";
import { ENGINE_CONDITIONS, FROM_VMS } from "./conditions/engine-conditions.js";
import type { EngineSource } from "./engine-source.js";
import { readIdsByPrimaryAddress } from "./primary/primary-pages.js";
import { buildPageStatement } from "./vm-page.js";
import { selectVms, type ReadSelected } from "./vm-rows.js";

/** Reads one page of VMs, as `read` reads them. */
export async function readVmsPage<Read>(
  database: Queryable,
  page: VmPageRequest,
  scope: VmScopeSql,
  source: EngineSource,
  read: ReadSelected<Read>,
): Promise<Read[]> {
  if (listParts(page).length === 0) return [];
  const parameters = new SqlParameters();
  const { chosen, ...statement } = await buildPageStatement(database, page, scope, source, parameters);
  const rows = await read(
    database,
    { ...statement, rows: selectVms(chosen), isSearch: isSearchPage(page) },
    parameters,
  );
  return page.fromEnd === true ? rows.reverse() : rows;
}

/** Tells whether no index helps the order or the filter of a page. */
export function isSearchPage({ order, filter }: VmPageRequest): boolean {
  const { key } = splitOrder(order);
  return key === "HOST" || key === "STATUS" || key === "PRIMARY_ADDRESS" || isSearch(filter);
}

/** Tells whether a page goes by what an engine does not keep, so that it takes many statements. */
export function isByPrimaryAddress({ order }: VmPageRequest): boolean {
  return splitOrder(order).key === "PRIMARY_ADDRESS";
}

/** Tells whether no index helps a filter. Pages by name or id, and those of a host, have an index. */
function isSearch({ ip, nameContains, statuses, search }: VmFilter): boolean {
  return ip !== undefined || nameContains !== undefined || statuses !== undefined || search !== undefined;
}

/** Reads the sorted ids of the VMs that a filter finds. */
export async function readVmIds(
  database: Queryable,
  list: VmIdList,
  scope: VmScopeSql,
  source: EngineSource,
): Promise<string[]> {
  const { filter, sort, offset, limit } = list;
  if (sort.key === "ip") return readIdsByPrimaryAddress(database, list, scope, source);
  const { conditions } = source;
  const parameters = new SqlParameters();
  const order = buildSearchOrder(sort, conditions);
  const rows = await querySearchRows<{ id: string }>(
    database,
    `SELECT s.vm_guid AS id FROM ${FROM_VMS} ${order.join} WHERE ${buildVmConditions(filter, scope, conditions, parameters)}
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
  conditions: VmConditionSql,
): Promise<number> {
  const parameters = new SqlParameters();
  const [row] = await queryOptionalRows<{ count: number }>(
    database,
    `SELECT count(*)::int AS count FROM ${FROM_VMS}
      WHERE ${buildVmConditions(filter, scope, conditions, parameters)}`,
    parameters.values,
  );
  return row?.count ?? 0;
}

/** Reads the VMs with one of the ids, as `read` reads them. */
export function readVmsByIds<Read>(
  database: Queryable,
  ids: readonly string[],
  scope: VmScopeSql,
  read: ReadSelected<Read>,
): Promise<Read[]> {
  const parameters = new SqlParameters();
  const chosen = `SELECT s.vm_guid FROM ${FROM_VMS} WHERE s.vm_guid = ANY(${parameters.addKeys(ids, "uuid")})
    AND ${buildVmConditions({}, scope, ENGINE_CONDITIONS, parameters)}`;
  return read(database, { rows: selectVms(chosen), order: "v.vm_guid" }, parameters);
}
