import { formatExactTime } from "../../postgres/exact-time.js";
import { queryRows, SqlParameters, type Queryable } from "../../postgres/sql.js";
import type { VmRow } from "../../types.js";
import type { VmPageRequest } from "../../vm-search.js";
import { buildByCandidates, isByNetwork } from "../conditions/candidates.js";
import { FROM_VMS, OWN_CONDITIONS } from "../conditions/own-conditions.js";
import type { VmScopeSql } from "../conditions/scope.js";
import { findDirection, listBounds, listParts, splitOrder, type PageBound } from "./page-order.js";
import { VM_COLUMNS } from "./vm-columns.js";

/** Reads one page of VMs in one of the orders. The page begins behind a cursor, ends before one, or both. */
export async function readVmsPage(
  database: Queryable,
  request: VmPageRequest,
  scope: VmScopeSql,
): Promise<VmRow[]> {
  const sql = buildVmsPage(request, scope, VM_COLUMNS);
  if (sql === null) return [];
  const rows = await queryRows<VmRow>(database, sql.text, sql.values);
  return request.fromEnd === true ? rows.reverse() : rows;
}

/**
 * Builds the statement that reads `columns` of a page's VMs over {@link FROM_VMS}; `null`: the page is empty. The rows of a
 * page from the end come in reverse.
 */
export function buildVmsPage(
  request: VmPageRequest,
  scope: VmScopeSql,
  columns: string,
): { readonly text: string; readonly values: unknown[] } | null {
  // The page begins among VMs without the value and ends among VMs with one, which come earlier. Nothing is in between.
  if (listParts(request).length === 0) return null;
  const parameters = new SqlParameters();
  const { key } = splitOrder(request.order);
  const isWalked = key === "NAME" || key === "ID" || key === "STATUS";
  const source = { ...OWN_CONDITIONS, isWalked };
  const id = isWalked ? KNOWN[key].id : PARTED[key].id.known;
  // PostgreSQL sorts what a filter finds by host.
  const isByRow = key !== "HOST";
  const search = { filter: request.filter, scope, source, reads: "page", isByRow, id } as const;
  const text = buildByCandidates(search, parameters, (where, isLookedUp) => {
    const page = {
      request,
      where,
      isLookedUp,
      hasValues: parameters.values.length > 0 && !isByNetwork(request.filter),
      columns,
      parameters,
    };
    return isWalked ? buildPage(page, KNOWN[key]) : buildPartedPage(page, PARTED[key]);
  });
  return { text, values: parameters.values };
}

/** The parts of which a page's statement is built. */
interface PageParts {
  readonly request: VmPageRequest;
  readonly where: string;
  /** Whether the VMs are looked up by their ids, and not read in order. */
  readonly isLookedUp: boolean;
  /** Whether the best plan depends on values, such as those of a filter or a scope. */
  readonly hasValues: boolean;
  readonly columns: string;
  readonly parameters: SqlParameters;
}

/** The SQL of an order whose value every VM has. */
interface KnownKey {
  /** The columns before the id in the index. */
  readonly values: readonly string[];
  readonly id: string;
  /** The type to which a cursor's text is cast; `null`: the order has no value but the id. */
  readonly type: string | null;
  readonly readCursor: (cursor: { readonly name: string; readonly orderKey?: string | null }) => unknown;
  /** A further column with the value for the cursor, if the row does not have it anyway. */
  readonly selected: string;
}

const KNOWN: Readonly<Record<"NAME" | "ID" | "STATUS", KnownKey>> = {
  NAME: {
    values: ['s.vm_name COLLATE "C"'],
    id: "s.vm_guid",
    type: 'text COLLATE "C"',
    readCursor: ({ name }) => name,
    selected: "",
  },
  ID: { values: [], id: "s.vm_guid", type: null, readCursor: () => null, selected: "" },
  STATUS: {
    // Both are columns of one table, so that one index has both.
    values: ["d.status"],
    id: "d.vm_guid",
    type: "int",
    readCursor: ({ orderKey }) => orderKey,
    selected: ', d.status::text AS "orderKey"',
  },
};

/** Builds a page of which one index gives the rows in order. */
function buildPage(page: PageParts, { values, id: key, type, readCursor, selected }: KnownKey): string {
  const columns = [...values, key];
  const { request, where, isLookedUp, columns: wanted, parameters } = page;
  const bounds = listBounds(request).flatMap(({ compare, cursor }) => {
    const id = `${parameters.add(cursor.id)}::uuid`;
    // Compares the id in both tables. Otherwise PostgreSQL would read the other one from its beginning.
    if (type === null) return [`s.vm_guid ${compare} ${id}`, `d.vm_guid ${compare} ${id}`];
    return [`(${columns.join(", ")}) ${compare} (${parameters.add(readCursor(cursor))}::${type}, ${id})`];
  });
  const direction = findDirection(request);
  const order = columns.map((column) => `${column} ${direction}`).join(", ");
  const rows = `FROM ${FROM_VMS} WHERE ${[where, ...bounds].join(" AND ")} ORDER BY ${order}`;
  if (type !== null && !isLookedUp) return limitRows(`SELECT ${wanted}${selected} ${rows}`, page);
  // Selects the ids first, so that PostgreSQL looks up the joined tables by them.
  return `SELECT ${wanted}${selected} FROM ${FROM_VMS}
    WHERE s.vm_guid = ANY(ARRAY(${limitRows(`SELECT s.vm_guid ${rows}`, page)})) ORDER BY ${order}`;
}

/**
 * Limits a statement whose rows come in order. If no condition depends on a value, the number of rows is in the text, too: by
 * a parameter alone PostgreSQL would expect a tenth of all rows, find a plan for all values too dear, and plan the statement
 * each time. With a filter that is right, since the best way depends on what it finds.
 */
function limitRows(sql: string, { request: { limit }, hasValues, parameters }: PageParts): string {
  const wanted = parameters.add(limit);
  const expected = hasValues ? undefined : EXPECTED_ROWS.find((each) => each >= limit);
  if (expected === undefined) return `${sql} LIMIT ${wanted}`;
  return `SELECT * FROM (${sql} LIMIT ${expected}) AS page LIMIT ${wanted}`;
}

/** Frequent sizes of pages, with the row that shows whether there are more. */
const EXPECTED_ROWS: readonly number[] = [2, 11, 51, 101, 501];

/** The SQL of an order whose value some VMs do not have. */
interface PartedKey {
  readonly value: string;
  readonly type: string;
  /** The column of the id. It is in the same table as the value (or its absence), so that one index has both. */
  readonly id: { readonly known: string; readonly unknown: string };
  /** Joins the table that has the value, for the VMs that have one. */
  readonly join: string;
  /** The condition that there is no value. It must match that of the partial index of these VMs. */
  readonly isUnknown: string;
  /** Formats the SQL of the value as a text for the cursor. */
  readonly formatText: (value: string) => string;
}

const PARTED: Readonly<Record<"HOST" | "LAST_CHANGE" | "PRIMARY_ADDRESS", PartedKey>> = {
  HOST: {
    value: 'v.vds_name COLLATE "C"',
    type: 'text COLLATE "C"',
    id: { known: "s.vm_guid", unknown: "d.vm_guid" },
    join: "JOIN vds_static v ON v.vds_id = d.run_on_vds",
    isUnknown: "d.run_on_vds IS NULL",
    formatText: (value) => value,
  },
  LAST_CHANGE: {
    value: "r.changed_at",
    type: "timestamptz",
    id: { known: "r.vm_id", unknown: "r.vm_id" },
    join: "",
    isUnknown: "r.changed_at IS NULL AND r.vm_id IS NOT NULL",
    formatText: formatExactTime,
  },
  PRIMARY_ADDRESS: {
    value: "r.primary_address",
    type: "inet",
    id: { known: "r.vm_id", unknown: "r.vm_id" },
    join: "",
    isUnknown: "r.primary_address IS NULL AND r.vm_id IS NOT NULL",
    formatText: (value) => `host(${value})`,
  },
};

/** Builds a page of a list with two parts. The second part is read only if the first one does not fill the page. */
function buildPartedPage({ request, where, columns: wanted, parameters }: PageParts, key: PartedKey): string {
  const limit = parameters.add(request.limit);
  const direction = findDirection(request);
  const parts = listParts(request).map((part, at) => {
    const columns = part.isKnown ? [key.value, key.id.known] : [key.id.unknown];
    const conditions = [
      part.isKnown ? `${key.value.replace(/ COLLATE.*/, "")} IS NOT NULL` : key.isUnknown,
      ...part.bounds.map((bound) => formatBound(bound, part.isKnown ? key.type : null, columns, parameters)),
      ...(at === 0 ? [] : [`(SELECT count(*) FROM part0) < ${limit}`]),
    ];
    const walksHosts = part.isKnown && key === PARTED.HOST && Object.keys(request.filter).length === 0;
    const rows = walksHosts
      ? `${selectVmsByHost(where, direction)} WHERE ${conditions.join(" AND ")}`
      : `${FROM_VMS} ${part.isKnown ? key.join : ""} WHERE ${[where, ...conditions].join(" AND ")}`;
    return `part${at} AS (
      SELECT s.vm_guid, ${part.isKnown ? key.value : `NULL::${key.type}`} AS value, ${at} AS part FROM ${rows}
      ORDER BY ${columns.map((column) => `${column} ${direction}`).join(", ")} LIMIT ${limit})`;
  });
  const all = parts.map((_, at) => `SELECT * FROM part${at}`).join(" UNION ALL ");
  return `WITH ${parts.join(", ")}
    SELECT ${wanted}, ${key.formatText("p.value")} AS "orderKey" FROM (${all}) p
    JOIN ${FROM_VMS.replace("vm_static s", "vm_static s ON s.vm_guid = p.vm_guid")}
    ORDER BY p.part, p.value ${direction}, s.vm_guid ${direction} LIMIT ${limit}`;
}

/**
 * Selects the VMs host by host, so that PostgreSQL reads only the hosts that a page needs. If a filter finds few VMs, it is
 * better to find these first.
 */
function selectVmsByHost(where: string, direction: string): string {
  return `(SELECT vds_id, vds_name FROM vds_static ORDER BY vds_name COLLATE "C" ${direction} OFFSET 0) v
      CROSS JOIN LATERAL (SELECT s.vm_guid FROM ${FROM_VMS} WHERE d.run_on_vds = v.vds_id AND ${where} OFFSET 0) s`;
}

function formatBound(
  { compare, cursor }: PageBound,
  type: string | null,
  columns: readonly string[],
  parameters: SqlParameters,
): string {
  const value = type === null ? [] : [`${parameters.add(cursor.orderKey)}::${type}`];
  const position = `(${[...value, `${parameters.add(cursor.id)}::uuid`].join(", ")})`;
  const isBeyond = `(${columns.join(", ")}) ${compare} ${position}`;
  // Also compares the first value alone, so that PostgreSQL skips whole hosts before it reads their VMs.
  return type === null ? isBeyond : `${columns[0] ?? ""} ${compare}= ${value[0] ?? ""} AND ${isBeyond}`;
}
