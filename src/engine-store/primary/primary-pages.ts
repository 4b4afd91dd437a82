import { setImmediate as takeTurn } from "node:timers/promises";
import { formatUuid } from "../../model/uuid.js";
import { NotKeptError } from "../../store/not-kept-error.js";
import { queryRows, runSearch, SqlParameters, type Queryable } from "../../store/postgres/sql.js";
import type { VmScopeSql } from "../../store/read/conditions/scope.js";
import type { VmConditionSql } from "../../store/read/conditions/search-conditions.js";
import { buildVmConditions } from "../../store/read/conditions/vm-conditions.js";
import { findDirection, listParts, type PagePart } from "../../store/read/vms/page-order.js";
import type { VmFilter, VmIdList, VmPageRequest } from "../../store/types.js";
import type { EngineSource } from "../engine-source.js";
import { FROM_VMS } from "../conditions/engine-conditions.js";
import type { PageStatement } from "../vm-rows.js";
import { encodeEdge, ID_BYTES, type Places } from "./places.js";
import { takeFirst } from "./take-first.js";

/**
 * Builds the statement that reads a page of VMs by primary address. An engine does not keep which one that is, so the addresses
 * of all VMs that the filter finds are made sure of first.
 */
export async function buildPrimaryPage(
  database: Queryable,
  page: VmPageRequest,
  scope: VmScopeSql,
  source: EngineSource,
  parameters: SqlParameters,
): Promise<PageStatement> {
  const { places } = await runSearch(database, (alone) =>
    findAll(alone, page.filter, scope, source, "orderBy"),
  );
  const chosen = await choosePage(places, page);
  const ids = `${parameters.add(chosen.map((at) => places.getId(at)))}::uuid[]`;
  const position = `array_position(${ids}, v.vm_guid)`;
  return {
    before: "",
    chosen: `SELECT unnest(${ids})`,
    order: position,
    orderKey: `(${parameters.add(chosen.map((at) => places.getAddress(at)))}::text[])[${position}]`,
  };
}

async function choosePage(places: Places, page: VmPageRequest): Promise<number[]> {
  const { count } = places;
  const sign = findDirection(page) === "ASC" ? 1 : -1;
  const compare = (left: number, right: number) => sign * places.compare(left, right);
  let chosen: number[] = [];
  for (const part of listParts(page)) {
    const limit = page.limit - chosen.length;
    chosen = chosen.concat(
      await takeFirst({ count, limit, isWanted: createPartCheck(places, part), compare }),
    );
  }
  return chosen;
}

function createPartCheck(places: Places, { isKnown, bounds }: PagePart): (at: number) => boolean {
  const edges = bounds.map(({ compare, cursor: { id, orderKey = null } }) => ({
    sign: compare === ">" ? 1 : -1,
    edge: encodeEdge(orderKey, id),
  }));
  return (at) =>
    places.hasAddress(at) === isKnown &&
    edges.every(({ sign, edge }) => sign * places.compareWithEdge(at, edge) > 0);
}

/** Reads the ids of the VMs that a filter finds, sorted by primary address, then by name; those without one are the lowest. */
export async function readIdsByPrimaryAddress(
  database: Queryable,
  { filter, sort, offset, limit }: VmIdList,
  scope: VmScopeSql,
  source: EngineSource,
): Promise<string[]> {
  const { places, ranks } = await runSearch(database, (alone) =>
    findAll(alone, filter, scope, source, "sortby ip"),
  );
  const sign = sort.descending ? -1 : 1;
  const first = await takeFirst({
    count: places.count,
    limit: limit === null ? places.count : offset + limit,
    isWanted: () => true,
    compare: (left, right) => sign * places.compareAddresses(left, right) || ranks(left) - ranks(right),
  });
  const ids: string[] = [];
  for (const at of first.slice(offset)) {
    ids.push(formatUuid(places.getId(at)));
    if (ids.length % IDS_A_TURN === 0) await takeTurn();
  }
  return ids;
}

const IDS_A_TURN = 10_000;

/** The VMs that a filter finds, with the rank of each by name, from 1, if oVirt's `sortby ip` asked. */
interface Found {
  readonly places: Places;
  readonly ranks: (at: number) => number;
}

async function findAll(
  database: Queryable,
  filter: VmFilter,
  scope: VmScopeSql,
  { conditions, ranking }: EngineSource,
  asked: "orderBy" | "sortby ip",
): Promise<Found> {
  const { mostVms } = ranking;
  const found = await readFoundIds(database, filter, scope, conditions, {
    isByName: asked === "sortby ip",
    limit: mostVms + 1,
  });
  if (found.length > mostVms * FOUND_BYTES) {
    throw new NotKeptError(
      `${asked}: an engine's database does not keep primary addresses, and they are found for ${mostVms} VMs at most; ` +
        "narrow the list by filter, or order by name, id, host or status",
    );
  }
  return {
    places: await ranking.findPlaces(database, found, FOUND_BYTES),
    ranks: (at) => found.readUInt32BE(at * FOUND_BYTES + ID_BYTES),
  };
}

/** Bytes of a VM that was found: its id, and its rank by name. */
const FOUND_BYTES = ID_BYTES + 4;

/** Reads {@link FOUND_BYTES} of each VM, sorted by id. If not by name, its rank is 0. They are one value, as they are many. */
async function readFoundIds(
  database: Queryable,
  filter: VmFilter,
  scope: VmScopeSql,
  conditions: VmConditionSql,
  { isByName, limit }: { readonly isByName: boolean; readonly limit: number },
): Promise<Buffer> {
  const parameters = new SqlParameters();
  const where = buildVmConditions(filter, scope, conditions, parameters);
  const rank = isByName ? "row_number() OVER (ORDER BY found.name, found.id)::int" : "0";
  const [row] = await queryRows<{ readonly ids: Buffer | null }>(
    database,
    `SELECT string_agg(uuid_send(ranked.id) || int4send(ranked.rank), ''::bytea ORDER BY ranked.id) AS ids FROM (
        SELECT found.id, ${rank} AS rank FROM (
          SELECT s.vm_guid AS id, ${conditions.name} AS name FROM ${FROM_VMS} WHERE ${where} LIMIT ${limit}) found) ranked`,
    parameters.values,
  );
  return row?.ids ?? Buffer.alloc(0);
}
