import { VM_STATUS } from "../model/guest/vm-status.js";
import { NotKeptError } from "../store/not-kept-error.js";
import {
  findDirection,
  listBounds,
  listParts,
  splitOrder,
  type PageBound,
} from "../store/read/vms/page-order.js";
import type { VmScopeSql } from "../store/read/conditions/scope.js";
import { buildVmConditions } from "../store/read/conditions/vm-conditions.js";
import type { VmPageRequest } from "../store/types.js";
import type { Queryable, SqlParameters } from "../store/postgres/sql.js";
import { FROM_VMS } from "./conditions/engine-conditions.js";
import type { EngineSource } from "./engine-source.js";
import { buildPrimaryPage } from "./primary/primary-pages.js";
import type { PageStatement } from "./vm-rows.js";

/** Builds the statement that reads a page of VMs. */
export async function buildPageStatement(
  database: Queryable,
  request: VmPageRequest,
  scope: VmScopeSql,
  source: EngineSource,
  parameters: SqlParameters,
): Promise<PageStatement> {
  const { order, filter, limit } = request;
  const { key } = splitOrder(order);
  if (key === "PRIMARY_ADDRESS") return buildPrimaryPage(database, request, scope, source, parameters);
  const where = buildVmConditions(filter, scope, source.conditions, parameters);
  if (key === "LAST_CHANGE") {
    throw new NotKeptError(
      `orderBy: an engine's database does not keep what ${order} goes by; order by name, id, host, status or primary address`,
    );
  }
  if (key === "HOST" || key === "STATUS") return buildSortedPage(request, SORTED[key], where, parameters);
  const conditions = listBounds(request).map((bound) => buildBound(bound, key, parameters));
  const rows = `FROM ${FROM_VMS} WHERE ${[where, ...conditions].join(" AND ")}`;
  const count = parameters.add(limit);
  const direction = findDirection(request);
  if (key === "ID") return buildIdPage(rows, count, direction);
  const { ids, ip, nameContains, search } = filter;
  const isSearch = [ids, ip, nameContains, search].some((each) => each !== undefined);
  return isSearch ? buildSearchPage(rows, count, direction) : buildNamePage(rows, count, direction);
}

type Direction = "ASC" | "DESC";

function buildBound({ compare, cursor }: PageBound, key: "NAME" | "ID", parameters: SqlParameters): string {
  const lastId = `${parameters.add(cursor.id)}::uuid`;
  if (key === "ID") return `s.vm_guid ${compare} ${lastId}`;
  const lastName = `${parameters.add(cursor.name)}::varchar`;
  // The first comparison alone can use the index.
  return `s.vm_name ${compare}= ${lastName} AND (s.vm_name <> ${lastName} OR s.vm_guid ${compare} ${lastId})`;
}

function buildIdPage(rows: string, count: string, direction: Direction): PageStatement {
  return {
    chosen: `SELECT s.vm_guid ${rows} ORDER BY s.vm_guid ${direction} LIMIT ${count}`,
    order: `v.vm_guid ${direction}`,
    before: "",
  };
}

/**
 * Builds a page of a search that no index helps: it finds all VMs, then sorts them. Read by name, each VM would be
 * looked up singly.
 */
function buildSearchPage(rows: string, count: string, direction: Direction): PageStatement {
  return {
    before: `WITH found AS (SELECT s.vm_guid, s.vm_name ${rows} OFFSET 0)`,
    chosen: `SELECT vm_guid FROM found ORDER BY vm_name ${direction}, vm_guid ${direction} LIMIT ${count}`,
    order: `v.vm_name ${direction}, v.vm_guid ${direction}`,
  };
}

/**
 * Builds a page by name. An engine has an index on the name only, and an old PostgreSQL cannot complete an order that
 * an index begins. So the page is read by name. Several VMs may have the last name of the page; these are read again,
 * by id.
 */
function buildNamePage(rows: string, count: string, direction: Direction): PageStatement {
  const last = direction === "ASC" ? "max" : "min";
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

/** A value that an engine has no index for. All VMs that the filter finds are sorted by it. */
interface SortedKey {
  readonly value: string;
  readonly type: string;
  readonly join: string;
  /** The value of a row `v`. */
  readonly ofRow: string;
  readonly asText: string;
}

const SORTED: Readonly<Record<"HOST" | "STATUS", SortedKey>> = {
  HOST: {
    value: 'w.vds_name COLLATE "C"',
    type: 'text COLLATE "C"',
    join: "LEFT JOIN vds_static w ON w.vds_id = d.run_on_vds",
    ofRow: '(SELECT w.vds_name FROM vds_static w WHERE w.vds_id = v.run_on_vds) COLLATE "C"',
    asText: "(SELECT w.vds_name FROM vds_static w WHERE w.vds_id = v.run_on_vds)",
  },
  STATUS: {
    value: `coalesce(d.status, ${VM_STATUS.UNASSIGNED})`,
    type: "int",
    join: "",
    ofRow: `coalesce(v.status, ${VM_STATUS.UNASSIGNED})`,
    asText: `coalesce(v.status, ${VM_STATUS.UNASSIGNED})::text`,
  },
};

function buildSortedPage(
  request: VmPageRequest,
  key: SortedKey,
  where: string,
  parameters: SqlParameters,
): PageStatement {
  const direction = findDirection(request);
  // Unknown values come last, so they come first if the page is read from the end.
  const unknown = request.fromEnd === true ? "DESC" : "ASC";
  const parts = listParts(request).map(({ isKnown, bounds }) => {
    const places = bounds.map(({ compare, cursor }) => {
      const id = `${parameters.add(cursor.id)}::uuid`;
      if (!isKnown) return `vm_guid ${compare} ${id}`;
      return `(value, vm_guid) ${compare} (${parameters.add(cursor.orderKey)}::${key.type}, ${id})`;
    });
    return `(${[`value IS ${isKnown ? "NOT NULL" : "NULL"}`, ...places].join(" AND ")})`;
  });
  const formatOrder = (value: string, id: string) =>
    `${value} IS NULL ${unknown}, ${value} ${direction}, ${id} ${direction}`;
  return {
    before: `WITH found AS (
      SELECT s.vm_guid, ${key.value} AS value FROM ${FROM_VMS} ${key.join} WHERE ${where} OFFSET 0)`,
    chosen: `SELECT vm_guid FROM found WHERE ${parts.join(" OR ")}
      ORDER BY ${formatOrder("value", "vm_guid")} LIMIT ${parameters.add(request.limit)}`,
    order: formatOrder(key.ofRow, "v.vm_guid"),
    orderKey: key.asText,
  };
}
