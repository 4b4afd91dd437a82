import type { ReadStore, VmCursor, VmOrder } from "../store/types.js";
import { SqlParameters } from "../store/postgres/sql.js";
import { conditionsOf, FROM_VMS, type Visible } from "./vm-conditions.js";
import { buildVmsStatement } from "./vms.js";

/** The statement that reads a page of VMs, with its parameters. */
export function buildPageStatement(
  { limit, after, filter, order }: globalThis.Parameters<ReadStore["vmsPage"]>[0],
  visible: Visible,
): { readonly sql: string; readonly values: unknown[] } {
  const parameters = new SqlParameters();
  const conditions = [
    conditionsOf(filter, parameters),
    visible.isVm(parameters),
    ...(after === null ? [] : [buildCursorCondition(after, order, parameters)]),
  ];
  const rows = `FROM ${FROM_VMS} WHERE ${conditions.join(" AND ")}`;
  const count = parameters.add(limit);
  const sql = order === "ID_ASC" ? buildIdPage(rows, count) : buildNamePage(rows, count, order);
  return { sql, values: parameters.values };
}

function buildCursorCondition({ name, id }: VmCursor, order: VmOrder, parameters: SqlParameters): string {
  const lastId = `${parameters.add(id)}::uuid`;
  if (order === "ID_ASC") return `s.vm_guid > ${lastId}`;
  const lastName = `${parameters.add(name)}::varchar`;
  const [beyond, further] = order === "NAME_ASC" ? [">=", ">"] : ["<=", "<"];
  // The first comparison is what an index can do.
  return `s.vm_name ${beyond} ${lastName} AND (s.vm_name <> ${lastName} OR s.vm_guid ${further} ${lastId})`;
}

function buildIdPage(rows: string, count: string): string {
  return buildVmsStatement(
    `(SELECT s.vm_guid ${rows} ORDER BY s.vm_guid LIMIT ${count})`,
    "ORDER BY s.vm_guid",
  );
}

/**
 * An engine has an index on the name alone, and its PostgreSQL may be too old to finish a sort that an index began. So
 * the page is read by name, and of its last name, which several VMs may have, all that are in turn by id.
 */
function buildNamePage(rows: string, count: string, order: VmOrder): string {
  const [direction, last] = order === "NAME_ASC" ? ["ASC", "max"] : ["DESC", "min"];
  const head = `WITH head AS (SELECT s.vm_guid, s.vm_name ${rows} ORDER BY s.vm_name ${direction} LIMIT ${count}),
    final AS (SELECT ${last}(vm_name) AS vm_name FROM head)`;
  const chosen = `(
    SELECT vm_guid FROM head WHERE vm_name <> (SELECT vm_name FROM final)
    UNION ALL (
      SELECT s.vm_guid ${rows} AND s.vm_name = (SELECT vm_name FROM final)
      ORDER BY s.vm_guid ${direction} LIMIT ${count}))`;
  const byName = `ORDER BY s.vm_name ${direction}, s.vm_guid ${direction} LIMIT ${count}`;
  return `${head} ${buildVmsStatement(chosen, byName)}`;
}
