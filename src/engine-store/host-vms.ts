import { buildVmConditions } from "../store/read/conditions/vm-conditions.js";
import { ALL_VMS, type VmScopeSql } from "../store/read/conditions/scope.js";
import { queryRows, SqlParameters, type Queryable } from "../store/postgres/sql.js";
import type { VmTree, VmTreeParts } from "../store/vm-tree.js";
import { ENGINE_CONDITIONS, FROM_VMS } from "./conditions/engine-conditions.js";
import {
  findEdgeRank,
  selectFirstOfFew,
  selectFirstOfLists,
  selectFirstUpToEdge,
  type FirstVms,
} from "./first-vms.js";
import { createTreesReader, selectVms, type VmSelection } from "./vm-rows.js";

/** Reads the VMs of hosts; with a limit, the first ones of each host by name in code points. They come in any order. */
export type ReadTreesByHosts = (
  database: Queryable,
  asked: { readonly hostIds: readonly string[]; readonly limit: number | null; readonly parts: VmTreeParts },
  scope: VmScopeSql,
) => Promise<VmTree[]>;

/**
 * Creates the reads of hosts' VMs. The first VMs of many hosts are read up to an edge of names; see
 * {@link selectFirstUpToEdge}. Hosts that lack some are then read by themselves. If these are many, because names depend on
 * hosts or hosts run few VMs, nobody tries an edge again for some minutes. A viewer with a scope gets the lists, which hold
 * only what the viewer may see. Where an administrator put a view in the place of a table, lists are all that can be read.
 */
export function createHostVmsReads(now: () => number = () => performance.now()): ReadTreesByHosts {
  let triesFrom = -Infinity;
  let canSample: boolean | null = null;
  return async (database, { hostIds, limit, parts }, scope) => {
    const ids = [...new Set(hostIds)];
    const readTrees = createTreesReader(parts);
    if (limit === null) return readAll(database, ids, scope, readTrees);
    const read = (some: readonly string[], select: SelectFirst) =>
      readFirst(database, { hostIds: some, limit, scope, readTrees }, select);
    if (ids.length <= FEW_HOSTS) return read(ids, selectFirstOfFew);
    if (scope !== ALL_VMS || now() < triesFrom) return read(ids, selectFirstOfLists);
    canSample ??= await findWhetherSampled(database);
    if (!canSample) return read(ids, selectFirstOfLists);
    const early = await read(ids, (first, parameters) =>
      selectFirstUpToEdge(first, `${parameters.add(findEdgeRank(ids.length, limit))}::int`),
    );
    const short = listShort(ids, early, limit);
    if (short.length === 0) return early;
    // Without any row there was no edge, because nearly all VMs are asked for. That says nothing about other limits.
    if (early.length > 0 && short.length > FEW_HOSTS) triesFrom = now() + PATIENCE_MS;
    const others = await read(short, short.length > FEW_HOSTS ? selectFirstOfLists : selectFirstOfFew);
    const isShort = new Set<string | null>(short);
    return [...early.filter(({ vm }) => !isShort.has(vm.hostId)), ...others];
  };
}

/** The most hosts for which looking up the names of their VMs singly is faster than reading all names. */
export const FEW_HOSTS = 64;

/** A fleet is renamed or moved seldom. */
const PATIENCE_MS = 600_000;

/** Looks into the catalog, because a statement that samples a view fails, and its transaction with it. */
async function findWhetherSampled(database: Queryable): Promise<boolean> {
  const [row] = await queryRows<{ canSample: boolean }>(
    database,
    `SELECT relkind IN ('r', 'm', 'p') AS "canSample" FROM pg_catalog.pg_class WHERE oid = to_regclass('vm_dynamic')`,
  );
  return row?.canSample === true;
}

type ReadTrees = ReturnType<typeof createTreesReader>;

function readAll(
  database: Queryable,
  hostIds: readonly string[],
  scope: VmScopeSql,
  readTrees: ReadTrees,
): Promise<VmTree[]> {
  const parameters = new SqlParameters();
  const hosts = parameters.addKeys(hostIds, "uuid");
  const where = buildVmConditions({}, scope, ENGINE_CONDITIONS, parameters);
  const chosen = `SELECT s.vm_guid FROM ${FROM_VMS} WHERE d.run_on_vds = ANY(${hosts}) AND ${where}`;
  return readTrees(database, { rows: selectVms(chosen) }, parameters);
}

type SelectFirst = (vms: FirstVms, parameters: SqlParameters) => VmSelection;

function readFirst(
  database: Queryable,
  {
    hostIds,
    limit,
    scope,
    readTrees,
  }: {
    readonly hostIds: readonly string[];
    readonly limit: number;
    readonly scope: VmScopeSql;
    readonly readTrees: ReadTrees;
  },
  select: SelectFirst,
): Promise<VmTree[]> {
  const parameters = new SqlParameters();
  const first = {
    hosts: `${parameters.add(hostIds)}::uuid[]`,
    where: buildVmConditions({}, scope, ENGINE_CONDITIONS, parameters),
    limit: `${parameters.add(limit)}::int`,
  };
  return readTrees(database, select(first, parameters), parameters);
}

/** Lists the hosts of which fewer VMs came than the limit. */
function listShort(hostIds: readonly string[], trees: readonly VmTree[], limit: number): string[] {
  const counts = new Map<string | null, number>();
  for (const { hostId } of trees.map(({ vm }) => vm)) counts.set(hostId, (counts.get(hostId) ?? 0) + 1);
  return hostIds.filter((id) => (counts.get(id) ?? 0) < limit);
}
