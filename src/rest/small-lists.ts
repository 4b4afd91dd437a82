import type { Loaders } from "../loaders/loaders.js";
import type { HostRow, NamedRow, TextMatch, VmSearch, VmSort } from "../loaders/rows.js";
import { matchParts } from "../model/match-parts.js";
import type { NamedCollection } from "./elements/elements.js";
import { readHostAddress, UNKNOWN_PARENT } from "./elements/elements.js";
import type { ListRequest } from "./request/list-request.js";

/** Lists hosts, sorted by name. A search may compare all that is known of them. There are few hosts, so all are read. */
export async function listHosts(loaders: Loaders, asked: ListRequest): Promise<readonly HostRow[]> {
  return select(await loaders.loadHosts(), asked);
}

/**
 * Lists clusters, templates or networks, sorted by name. VMs of an unknown cluster or template link to an entry that
 * says so.
 */
export async function listNamed(
  loaders: Loaders,
  collection: NamedCollection,
  asked: ListRequest,
): Promise<readonly NamedRow[]> {
  const known = await loaders.loadNamed(collection);
  const isUnknown = known.length === 0 && collection !== "networks";
  return select(isUnknown ? [UNKNOWN_PARENT] : known, asked);
}

/** Selects the rows that are asked for. The rows come sorted by name. */
function select<Row extends NamedRow>(rows: readonly Row[], asked: ListRequest): readonly Row[] {
  return cut(sort(filter(rows, asked.search.condition), asked.search.sort), asked);
}

function sort<Row extends NamedRow>(rows: readonly Row[], by: VmSort | null): readonly Row[] {
  if (by === null) return rows;
  const sorted =
    by.key === "name" ? [...rows] : [...rows].sort((left, right) => (left.id < right.id ? -1 : 1));
  return by.descending ? sorted.reverse() : sorted;
}

function cut<Row>(rows: readonly Row[], { max, page }: ListRequest): readonly Row[] {
  return max === null ? rows : rows.slice((page - 1) * max, page * max);
}

function filter<Row extends NamedRow>(rows: readonly Row[], condition: VmSearch | null): readonly Row[] {
  return condition === null ? rows : rows.filter((row) => holds(condition, row));
}

/** What a search may compare. Hosts alone have a state and an address. */
type SearchedRow = NamedRow & Partial<Pick<HostRow, "status" | "address">>;

function holds(search: VmSearch, row: SearchedRow): boolean {
  switch (search.kind) {
    case "and":
      return search.parts.every((part) => holds(part, row));
    case "or":
      return search.parts.some((part) => holds(part, row));
    case "not":
      return !holds(search.part, row);
    case "id":
      return search.id === row.id;
    case "status":
      return search.statuses.some((status) => status === row.status);
    case "anyText":
      return isMatch(search.match, row.name) || isAddressMatch(search.match, row);
    case "text":
      return search.key === "name" ? isMatch(search.match, row.name) : isAddressMatch(search.match, row);
  }
  throw new Error(`a search of another kind: ${search.kind}`);
}

function isAddressMatch(match: TextMatch, { address }: SearchedRow): boolean {
  return address !== undefined && isMatch(match, readHostAddress({ address }));
}

/** Tells whether a name matches. */
function isMatch({ parts, ignoreCase }: TextMatch, name: string): boolean {
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  return matchParts(parts.map(fold), fold(name));
}
