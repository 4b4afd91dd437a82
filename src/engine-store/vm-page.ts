import type { VmScopeSql } from "../store/read/conditions/scope.js";
import type { VmConditionSql } from "../store/read/conditions/search-conditions.js";
import { buildVmConditions } from "../store/read/conditions/vm-conditions.js";
import type { ReadStore, VmCursor, VmOrder } from "../store/types.js";
import type { SqlParameters } from "../store/postgres/sql.js";
import { FROM_VMS } from "./conditions/engine-conditions.js";

/** Builds what reads a page of VMs: a SELECT of their ids, their order, and a WITH clause that the SELECT uses. */
export function buildPageStatement(
  { limit, after, filter, order }: Parameters<ReadStore["readVmsPage"]>[0],
  scope: VmScopeSql,
  source: VmConditionSql,
  parameters: SqlParameters,
): { readonly chosen: string; readonly order: string; readonly before: string } {
  const conditions = [
    buildVmConditions(filter, scope, source, parameters),
    ...(after === null ? [] : [buildCursorCondition(after, order, parameters)]),
  ];
  const rows = `FROM ${FROM_VMS} WHERE ${conditions.join(" AND ")}`;
  const count = parameters.add(limit);
  if (order === "ID_ASC") return buildIdPage(rows, count);
  const { ids, ip, nameContains, search } = filter;
  const isSearch = [ids, ip, nameContains, search].some((each) => each !== undefined);
  return isSearch ? buildSearchPage(rows, count, order) : buildNamePage(rows, count, order);
}

function buildCursorCondition({ name, id }: VmCursor, order: VmOrder, parameters: SqlParameters): string {
  const lastId = `${parameters.add(id)}::uuid`;
  if (order === "ID_ASC") return `s.vm_guid > ${lastId}`;
  const lastName = `${parameters.add(name)}::varchar`;
  const [beyond, further] = order === "NAME_ASC" ? [">=", ">"] : ["<=", "<"];
  // The first comparison is what an index can do.
  return `s.vm_name ${beyond} ${lastName} AND (s.vm_name <> ${lastName} OR s.vm_guid ${further} ${lastId})`;
}

function buildIdPage(rows: string, count: string) {
  return {
    chosen: `SELECT s.vm_guid ${rows} ORDER BY s.vm_guid LIMIT ${count}`,
    order: "v.vm_guid",
    before: "",
  };
}

/** Builds a page of a search that no index helps: it finds all, then sorts. By names it would read each VM one by one. */
function buildSearchPage(rows: string, count: string, order: VmOrder) {
  const direction = order === "NAME_ASC" ? "ASC" : "DESC";
  return {
    before: `WITH found AS MATERIALIZED (SELECT s.vm_guid, s.vm_name ${rows})`,
    chosen: `SELECT vm_guid FROM found ORDER BY vm_name ${direction}, vm_guid ${direction} LIMIT ${count}`,
    order: `v.vm_name ${direction}, v.vm_guid ${direction}`,
  };
}

/**
 * Builds a page by name. An engine has an index on the name alone, and an old PostgreSQL cannot finish an index's sort. So
 * the page is read by name, and of its last name, which several VMs may have, all that are in turn by id.
 */
function buildNamePage(rows: string, count: string, order: VmOrder) {
  const [direction, last] = order === "NAME_ASC" ? ["ASC", "max"] : ["DESC", "min"];
  return {
    before: `WITH head AS (SELECT s.vm_guid, s.vm_name ${rows} ORDER BY s.vm_name ${direction} LIMIT ${count}),
      final AS (SELECT ${last}(vm_name) AS vm_name FROM head)`,
    chosen: `
      SELECT vm_guid FROM head WHERE vm_name <> (SELECT vm_name FROM final)
      UNION ALL (
        SELECT s.vm_guid ${rows} AND s.vm_name = (SELECT vm_name FROM final)
        ORDER BY s.vm_guid ${direction} LIMIT ${count})`,
    order: `v.vm_name ${direction}, v.vm_guid ${direction} LIMIT ${count}`,
  };
}
