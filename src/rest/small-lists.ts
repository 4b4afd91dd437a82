import type { Loaders } from "../loaders/loaders.js";
import type { HostRow, NamedRow, TextMatch, VmSearch } from "../loaders/rows.js";
import type { NamedCollection } from "./elements/elements.js";
import { UNKNOWN_PARENT } from "./elements/elements.js";
import { OvirtFaultError } from "./fault.js";
import type { ListRequest } from "./request/list-request.js";

/** Lists hosts by name; a search may compare names and ids. There are few, so the list is read whole. */
export async function listHosts(loaders: Loaders, asked: ListRequest): Promise<readonly HostRow[]> {
  return cut(filter(await loaders.loadHosts(), asked.search.condition), asked);
}

/** Lists clusters, templates or networks by name. VMs of an unknown cluster or template link to one that says so. */
export async function listNamed(
  loaders: Loaders,
  collection: NamedCollection,
  asked: ListRequest,
): Promise<readonly NamedRow[]> {
  const known = await loaders.loadNamed(collection);
  const isUnknown = known.length === 0 && collection !== "networks";
  return cut(filter(isUnknown ? [UNKNOWN_PARENT] : known, asked.search.condition), asked);
}

function cut<Row>(rows: readonly Row[], { max, page }: ListRequest): readonly Row[] {
  return max === null ? rows : rows.slice((page - 1) * max, page * max);
}

function filter<Row extends NamedRow>(rows: readonly Row[], condition: VmSearch | null): readonly Row[] {
  return condition === null ? rows : rows.filter((row) => holds(condition, row));
}

function holds(search: VmSearch, row: NamedRow): boolean {
  switch (search.kind) {
    case "and":
      return search.parts.every((part) => holds(part, row));
    case "or":
      return search.parts.some((part) => holds(part, row));
    case "not":
      return !holds(search.part, row);
    case "id":
      return search.id === row.id;
    case "anyText":
      return isMatch(search.match, row.name);
    case "text":
      if (search.key === "name") return isMatch(search.match, row.name);
  }
  throw new OvirtFaultError(400, "search: only name and id are known of these");
}

/** Compares part by part and never goes back. A regular expression of many stars would try a name for hours. */
function isMatch({ parts, ignoreCase }: TextMatch, name: string): boolean {
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const text = fold(name);
  const [first = "", ...others] = parts.map(fold);
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
