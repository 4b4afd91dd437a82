import type { VariablesOf } from "../api/graphql.js";
import type { VmPageQuery } from "../api/queries.js";
import type { ChangeFilter } from "../live/subjects.js";
import type { OtherSearch, Search } from "./search.js";

type Filter = NonNullable<VariablesOf<typeof VmPageQuery>["filter"]>;

/** Converts a search into the server's filter. Nothing is filtered in the browser. */
export function toFilter(search: Search | OtherSearch): Filter | null {
  switch (search.kind) {
    case "name":
      return search.text.includes(".")
        ? { or: [{ nameContains: search.text }, { fqdn: { contains: search.text } }] }
        : { nameContains: search.text };
    case "address":
      return { ip: search.address };
    case "prefix":
      return { address: { inCidr: search.prefix } };
    case "mac":
      return { or: [{ nicMacAddress: search.mac }, { guestMacAddress: search.mac }] };
    case "name-or":
      return { or: [{ nameContains: search.text }, ...toFilters(search.other)] };
    case "id":
      return { id: search.id };
    default:
      return null;
  }
}

function toFilters(search: OtherSearch): Filter[] {
  const filter = toFilter(search);
  return filter === null ? [] : [filter];
}

/**
 * Creates the filter of the changes that a list follows; `null`: none. A short list follows all changes that match the
 * search, so that it learns of new VMs. A long one follows the rows around the screen.
 */
export function toChangeFilter(
  search: Search,
  total: number | null,
  nearbyIds: readonly string[],
): ChangeFilter | null {
  if (total === null) return null;
  if (total <= SHORT_LIST) {
    if (search.kind === "all") return {};
    if (search.kind === "prefix") return { inCidr: search.prefix };
    if (search.kind === "address") {
      return { inCidr: `${search.address}/${search.address.includes(":") ? 128 : 32}` };
    }
  }
  return nearbyIds.length === 0 ? null : { vmIds: [...nearbyIds] };
}

/** The most VMs that one filter may name. */
export const SHORT_LIST = 500;
