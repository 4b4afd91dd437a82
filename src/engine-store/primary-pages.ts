import { setImmediate as takeTurn } from "node:timers/promises";
import { parseAddress } from "../model/address/cidr.js";
import { findPrimaryAddress, findPrimaryOfAddresses } from "../model/address/primary-address.js";
import { NotKeptError } from "../store/not-kept-error.js";
import { queryRows, runSearch, SqlParameters, type Queryable } from "../store/postgres/sql.js";
import type { VmScopeSql } from "../store/read/conditions/scope.js";
import type { VmConditionSql } from "../store/read/conditions/search-conditions.js";
import { buildVmConditions } from "../store/read/conditions/vm-conditions.js";
import { findDirection, listParts, type PagePart } from "../store/read/vms/page-order.js";
import type { VmFilter, VmIdList, VmPageRequest } from "../store/types.js";
import type { VmTree } from "../store/vm-tree.js";
import { FROM_VMS } from "./conditions/engine-conditions.js";
import { createTreesReader, selectVms, type PageStatement } from "./vm-rows.js";

/**
 * Builds the statement that reads a page of VMs by primary address. An engine does not keep which address is the primary one,
 * so the rule is applied first to all VMs that the filter finds, some hundreds at a time. Other requests are served meanwhile.
 */
export async function buildPrimaryPage(
  database: Queryable,
  page: VmPageRequest,
  scope: VmScopeSql,
  source: VmConditionSql,
  parameters: SqlParameters,
): Promise<PageStatement> {
  const places = await runSearch(database, (alone) => findPlaces(alone, page, scope, source));
  const ids = `${parameters.add(places.map(({ id }) => id))}::uuid[]`;
  const position = `array_position(${ids}, v.vm_guid)`;
  return {
    before: "",
    chosen: `SELECT unnest(${ids})`,
    order: position,
    orderKey: `(${parameters.add(places.map(({ address }) => address))}::text[])[${position}]`,
  };
}

/** Finds the VMs of a page, in the order in which it is read. */
async function findPlaces(
  database: Queryable,
  page: VmPageRequest,
  scope: VmScopeSql,
  source: VmConditionSql,
): Promise<Place[]> {
  const places = await rankVms(database, page.filter, scope, source);
  if (places === null) {
    throw new NotKeptError(
      `orderBy: an engine's database does not keep primary addresses, and they are found for ${MOST_RANKED_VMS} VMs at most; ` +
        "narrow the list by filter, or order by name, id, host or status",
    );
  }
  const sign = findDirection(page) === "ASC" ? 1 : -1;
  return listParts(page)
    .flatMap((part) =>
      places
        .filter(createPartCheck(part))
        .sort((left, right) => sign * comparePlaces(left, right))
        .slice(0, page.limit),
    )
    .slice(0, page.limit);
}

/**
 * Reads the ids of the VMs that a filter finds, sorted by primary address, then by name; those without one are the lowest.
 * `null`: there are more than {@link MOST_RANKED_VMS}.
 */
export async function readIdsByPrimaryAddress(
  database: Queryable,
  { filter, sort, offset, limit }: VmIdList,
  scope: VmScopeSql,
  source: VmConditionSql,
): Promise<string[] | null> {
  const places = await runSearch(database, (alone) => rankVms(alone, filter, scope, source));
  if (places === null) return null;
  const sign = sort.descending ? -1 : 1;
  // The places come by name, and sorting keeps the order of equal ones.
  return places
    .sort((left, right) => sign * compareAddresses(left, right))
    .slice(offset, limit === null ? undefined : offset + limit)
    .map(({ id }) => id);
}

/** Finds the places of the VMs that a filter finds, by name; `null`: there are more than {@link MOST_RANKED_VMS}. */
async function rankVms(
  database: Queryable,
  filter: VmFilter,
  scope: VmScopeSql,
  source: VmConditionSql,
): Promise<Place[] | null> {
  const ids = await readFoundIds(database, filter, scope, source);
  if (ids.length > MOST_RANKED_VMS) return null;
  const found = new Map<string, Place>();
  for (let at = 0; at < ids.length; at += VMS_A_STATEMENT) {
    const parameters = new SqlParameters();
    const some = parameters.add(ids.slice(at, at + VMS_A_STATEMENT));
    const rows = selectVms(`SELECT unnest(${some}::uuid[])`);
    for (const tree of await readWholeTrees(database, { rows }, parameters)) {
      found.set(tree.vm.id, findPlace(tree));
    }
    await takeTurn();
  }
  // A VM may be gone since its id was read.
  return ids.flatMap((id) => found.get(id) ?? []);
}

/** The most VMs whose primary addresses are found for one page. */
export const MOST_RANKED_VMS = 5_000;

const VMS_A_STATEMENT = 250;

/** What such a page costs. */
export const ENGINE_RANKING = { mostVms: MOST_RANKED_VMS, vmsAStatement: VMS_A_STATEMENT } as const;

const readWholeTrees = createTreesReader({ row: true, interfaces: true, nics: true });

async function readFoundIds(
  database: Queryable,
  filter: VmFilter,
  scope: VmScopeSql,
  source: VmConditionSql,
): Promise<string[]> {
  const parameters = new SqlParameters();
  const where = buildVmConditions(filter, scope, source, parameters);
  const rows = await queryRows<{ readonly id: string }>(
    database,
    `SELECT found.id FROM (
        SELECT s.vm_guid AS id, ${source.name} AS name FROM ${FROM_VMS} WHERE ${where} LIMIT ${MOST_RANKED_VMS + 1}) found
      ORDER BY found.name, found.id`,
    parameters.values,
  );
  return rows.map(({ id }) => id);
}

/** The place of a VM among others. */
interface Place {
  readonly id: string;
  /** `null`: no primary address is known. */
  readonly address: string | null;
  readonly family: number;
  readonly value: bigint;
}

/** Finds the address as the field `primaryAddress` does. */
function findPlace({ vm, row, lists }: VmTree): Place {
  const found =
    row?.interfacesKnown === true
      ? findPrimaryAddress(lists.interfaces, lists.nics)
      : findPrimaryOfAddresses(row?.ips ?? []);
  lists.putAway();
  return createPlace(vm.id, found?.address ?? null);
}

function createPlace(id: string, address: string | null): Place {
  const { family, value } = (address === null ? null : parseAddress(address)) ?? { family: 0, value: 0n };
  return { id, address, family, value };
}

/** Compares as PostgreSQL compares `inet` and `uuid`. */
function comparePlaces(left: Place, right: Place): number {
  const order = compareAddresses(left, right);
  return order !== 0 ? order : left.id < right.id ? -1 : left.id > right.id ? 1 : 0;
}

/** Compares as PostgreSQL compares `inet`: IPv4 comes before IPv6. Unknown addresses are the lowest. */
function compareAddresses(left: Place, right: Place): number {
  if (left.family !== right.family) return left.family - right.family;
  return left.value === right.value ? 0 : left.value < right.value ? -1 : 1;
}

function createPartCheck({ isKnown, bounds }: PagePart): (place: Place) => boolean {
  const edges = bounds.map(({ compare, cursor: { id, orderKey = null } }) => ({
    sign: compare === ">" ? 1 : -1,
    edge: createPlace(id.toLowerCase(), orderKey),
  }));
  return (place) =>
    (place.address !== null) === isKnown &&
    edges.every(({ sign, edge }) => sign * comparePlaces(place, edge) > 0);
}
