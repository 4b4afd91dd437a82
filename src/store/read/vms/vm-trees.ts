import type { HostFreshness } from "../../../model/guest/freshness.js";
import { queryRows, SqlParameters, type Queryable } from "../../postgres/sql.js";
import type { VmPageRequest, VmRow, VmScope } from "../../types.js";
import {
  joinRow,
  type NicTree,
  type OwnRow,
  type TreeReads,
  type VmTree,
  type VmTreeParts,
} from "../../vm-tree.js";
import { FROM_VMS, OWN_CONDITIONS } from "../conditions/own-conditions.js";
import { createVmScopeSql, type VmScopeSql } from "../conditions/scope.js";
import { buildVmConditions } from "../conditions/vm-conditions.js";
import { IGNORED_COLUMN, KNOWN_COLUMNS, SPLIT_COLUMNS } from "./vm-columns.js";
import { createLists } from "../../parsed-lists.js";
import { buildListsColumn, NIC_VALUES, parseLists, parseNic, type NicValues } from "./vm-lists.js";
import { buildVmsPage } from "./vm-pages.js";
import { readRowsByHosts } from "./vm-reads.js";

/** Creates the reads of VMs with their interfaces and vNICs, for a viewer with this scope; `null`: all VMs. */
export function createTreeReads(database: Queryable, scope: VmScope | null): TreeReads {
  const visible = createVmScopeSql(scope);
  return {
    readTreesByIds: (ids, parts) => readTreesByIds(database, ids, parts, visible),
    readTreesPage: (page, parts) => readTreesPage(database, page, parts, visible),
    readNicTrees: (macs, limit, parts) => readNicTrees(database, { macs, limit }, parts, visible),
  };
}

/** A row as the database returns it. */
type TreeRow = VmTree["vm"] & {
  /** The text of {@link buildListsColumn}; left out: no lists were asked for. */
  readonly lists?: string;
};

/** A row with all columns of the VM and of its host's state. */
type SplitRow = TreeRow & OwnRow & HostFreshness & Pick<VmRow, "ignoredMacs">;

async function readTreesByIds(
  database: Queryable,
  ids: readonly string[],
  parts: VmTreeParts,
  scope: VmScopeSql,
): Promise<VmTree[]> {
  const parameters = new SqlParameters();
  const wanted = `s.vm_guid = ANY(${parameters.addKeys(ids, "uuid")})`;
  const where = buildVmConditions({}, scope, OWN_CONDITIONS, parameters);
  const rows = await queryRows<TreeRow>(
    database,
    `SELECT ${listColumns(parts)} FROM ${FROM_VMS} WHERE ${wanted} AND ${where}`,
    parameters.values,
  );
  return rows.map((row) => parseTree(row, parts));
}

async function readTreesPage(
  database: Queryable,
  page: VmPageRequest,
  parts: VmTreeParts,
  scope: VmScopeSql,
): Promise<VmTree[]> {
  const sql = buildVmsPage(page, scope, listColumns(parts));
  if (sql === null) return [];
  const rows = await queryRows<TreeRow>(database, sql.text, sql.values);
  const trees = rows.map((row) => parseTree(row, parts));
  return page.fromEnd === true ? trees.reverse() : trees;
}

async function readNicTrees(
  database: Queryable,
  { macs, limit }: { readonly macs: readonly string[]; readonly limit: number },
  parts: VmTreeParts,
  scope: VmScopeSql,
): Promise<NicTree[]> {
  const parameters = new SqlParameters();
  const wanted = `n.mac_addr = ANY(${parameters.addKeys(macs, "text")})`;
  const where = buildVmConditions({}, scope, OWN_CONDITIONS, parameters);
  const rows = await queryRows<TreeRow & { readonly nic: NicValues }>(
    database,
    `SELECT ${listColumns(parts)}, ${NIC_VALUES} AS nic
     FROM ${FROM_VMS} JOIN vm_interface n ON n.vm_guid = s.vm_guid LEFT JOIN vnic_graph_nic e ON e.nic_id = n.id
     WHERE ${wanted} AND ${where} LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
  return rows.map((row) => ({ nic: parseNic(row.nic, row.id), tree: parseTree(row, parts) }));
}

/** Reads the first VMs of each host by name, `limit` at most. */
export async function readTreesByHosts(
  database: Queryable,
  { hostIds, limit }: { readonly hostIds: readonly string[]; readonly limit: number },
  parts: VmTreeParts,
  scope: VmScope | null,
): Promise<VmTree[]> {
  const rows = await readRowsByHosts<TreeRow>(
    database,
    `SELECT ${listColumns(parts)} FROM ${FROM_VMS}`,
    { hostIds, limitPerHost: limit },
    createVmScopeSql(scope),
  );
  return rows.map((row) => parseTree(row, parts));
}

function listColumns(parts: VmTreeParts): string {
  const known = parts.row ? SPLIT_COLUMNS : KNOWN_COLUMNS;
  const own = parts.ignored === true ? `${known}, ${IGNORED_COLUMN}` : known;
  return parts.interfaces || parts.nics ? `${own}, ${buildListsColumn(parts)}` : own;
}

function parseTree(given: TreeRow, parts: VmTreeParts): VmTree {
  const { vm, row, own } = parseRow(given, parts.row);
  return { vm, row, own, lists: createLists(given.lists ?? null, given.id, parseLists) };
}

function parseRow(given: TreeRow, isWhole: boolean): Pick<VmTree, "vm" | "row" | "own"> {
  const { id, name, status, hostId, interfacesKnown, nicsKnown, orderKey } = given;
  const vm = {
    id,
    name,
    status,
    hostId,
    interfacesKnown,
    nicsKnown,
    ...(orderKey !== undefined && { orderKey }),
  };
  if (!isWhole) return { vm, row: null, own: null };
  const { ips, fqdn, staleDetail, lastChangedAt, ignoredMacs, ...rest } = given as SplitRow;
  const { isHeard, reportedAt, ownReason, ownSince } = rest;
  const own: OwnRow = {
    ...{ ips, fqdn, staleDetail, lastChangedAt },
    ...{ isHeard, reportedAt, ownReason, ownSince },
  };
  const { lastSuccessAt, hostReason, hostSince } = rest;
  const row = joinRow(vm, own, hostId === null ? null : { lastSuccessAt, hostReason, hostSince });
  return { vm, own, row: ignoredMacs === undefined ? row : { ...row, ignoredMacs } };
}
