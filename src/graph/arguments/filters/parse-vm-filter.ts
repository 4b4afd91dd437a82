import type { TextMatch, VmFilter, VmSearch } from "../../../loaders/rows.js";
import {
  isTextInCidr,
  listEquivalentAddresses,
  mayHaveFamily,
  parseAddress,
  unmapAddress,
  type Cidr,
} from "../../../model/address/cidr.js";
import { searchPrefix } from "../../../loaders/search-prefix.js";
import { checkListLength, parseId, parseIds, parseText } from "../arguments.js";
import { checkContradictions, createFilterError, EVERY_REASON } from "./contradictions.js";
import type { AddressFilterInput, TextFilterInput } from "./filter-inputs.js";
import { mayMatchAll } from "./text-contradictions.js";
import type { VmFilterInput } from "./vm-filter.js";

/** The deepest nesting of filters. Nobody reads more, and each level makes the database's plan longer. */
const MAX_DEPTH = 5;
/** The most conditions of one filter. Each may cost the database a search of its own. */
const MAX_CONDITIONS = 50;

/**
 * Parses a client's filter into the store's. Its keys always come in the same order. It is refused, too, if it cannot hold together
 * with the conditions `beside` it, which are not part of the result.
 */
export function parseVmFilter(input: VmFilterInput | null, beside: readonly VmSearch[] = []): VmFilter {
  if (input === null) return {};
  const search = parseSearch(input, new FilterReader());
  checkContradictions([...parseFirstFields(input), ...search, ...beside]);
  return {
    ...(input.nameContains != null && { nameContains: parseText("nameContains", input.nameContains) }),
    ...(input.status != null && { statuses: checkListLength("status", input.status) }),
    ...(input.hostId != null && { hostId: parseId("hostId", input.hostId) }),
    ...(input.ip != null && { ip: input.ip }),
    ...(search.length > 0 && { search: { kind: "and", parts: search } }),
  };
}

/** Parses which VMs a list has: those of the filter that also have one of the ids. `ids` is `null`: any id. */
export function parseVmList(filter: VmFilterInput | null, ids: readonly string[] | null): VmFilter {
  if (ids === null) return parseVmFilter(filter);
  const parsed = parseIds("ids", ids);
  const isListed = combine(
    "or",
    parsed.map((id) => ({ kind: "id", id })),
  );
  // An empty list finds nothing, as it says; the filter is still looked at.
  return { ...parseVmFilter(filter, parsed.length === 0 ? [] : [isListed]), ids: parsed };
}

/** Counts the conditions of a filter, and knows the depth at which it is read. */
class FilterReader {
  private conditions = 0;

  constructor(
    readonly depth = 1,
    private readonly root: FilterReader | null = null,
  ) {}

  /** Returns the reader of a filter inside this one. */
  enter(): FilterReader {
    if (this.depth < MAX_DEPTH) return new FilterReader(this.depth + 1, this.root ?? this);
    throw createFilterError("filter", `and, or, not must not be nested deeper than ${MAX_DEPTH} levels`);
  }

  count(conditions: number): void {
    const root = this.root ?? this;
    root.conditions += conditions;
    if (root.conditions <= MAX_CONDITIONS) return;
    throw createFilterError(
      "filter",
      `more than ${MAX_CONDITIONS} conditions; ask several times, or by a prefix`,
    );
  }
}

/** Parses the fields before `address`, in a filter that is inside another one. */
function parseFirstFields(input: VmFilterInput): VmSearch[] {
  const { nameContains, status, hostId, ip } = input;
  return [
    ...(nameContains == null ? [] : [parseNamePart(nameContains)]),
    ...(status == null ? [] : [{ kind: "status", statuses: checkListLength("status", status) } as const]),
    ...(hostId == null ? [] : [{ kind: "hostId", id: parseId("hostId", hostId) } as const]),
    ...(ip == null ? [] : [{ kind: "address", address: ip } as const]),
  ];
}

/** Parses all other fields into conditions, which must hold together. */
function parseSearch(input: VmFilterInput, reader: FilterReader): VmSearch[] {
  checkStale(input);
  const { address, hasAddress, guestMacAddress, nicMacAddress, stale, staleReason } = input;
  const conditions: VmSearch[] = [
    ...(input.id == null ? [] : [{ kind: "id", id: parseId("id", input.id) } as const]),
    ...(address == null ? [] : parseAddressFilter(address)),
    ...(hasAddress == null ? [] : [negateIfFalse(hasAddress, { kind: "hasAddress" })]),
    ...(input.onTwoHosts == null ? [] : [negateIfFalse(input.onTwoHosts, { kind: "onTwoHosts" })]),
    ...parseTextFilter("name", input.name, (match) => ({ kind: "text", key: "name", match })),
    ...parseTextFilter("fqdn", input.fqdn, (match) => ({ kind: "text", key: "fqdn", match })),
    ...parseTextFilter("host", input.host, (match) => ({ kind: "text", key: "host", match })),
    ...(guestMacAddress == null ? [] : [{ kind: "guestMac", mac: guestMacAddress } as const]),
    ...(nicMacAddress == null ? [] : [{ kind: "nicMac", mac: nicMacAddress } as const]),
    ...parseTextFilter("interfaceName", input.interfaceName, (match) => ({ kind: "interfaceName", match })),
    ...parseTextFilter("network", input.network, (match) => ({ kind: "network", match })),
    ...(stale == null ? [] : [{ kind: "staleReason", reasons: stale ? ALL_REASONS : [null] } as const]),
    ...(staleReason == null
      ? []
      : [{ kind: "staleReason", reasons: checkListLength("staleReason", staleReason) } as const]),
  ];
  reader.count(conditions.length);
  return [...conditions, ...parseCombined(input, reader)];
}

const ALL_REASONS = EVERY_REASON.filter((reason) => reason !== null);

function parseCombined({ and, or, not }: VmFilterInput, reader: FilterReader): VmSearch[] {
  const parseInner = (input: VmFilterInput): VmSearch => {
    const inner = reader.enter();
    const first = parseFirstFields(input);
    inner.count(first.length);
    return combine("and", [...first, ...parseSearch(input, inner)]);
  };
  return [
    ...(and == null ? [] : [combine("and", checkListLength("and", and).map(parseInner))]),
    ...(or == null ? [] : [combine("or", checkListLength("or", or).map(parseInner))]),
    ...(not == null ? [] : [negate(parseInner(not))]),
  ];
}

/** Combines conditions. Every VM meets an empty AND; no VM meets an empty OR. */
function combine(kind: "and" | "or", parts: readonly VmSearch[]): VmSearch {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return parts.length === 0 ? { kind: kind === "and" ? "all" : "none" } : { kind, parts };
}

function negateIfFalse(isWanted: boolean, part: VmSearch): VmSearch {
  return isWanted ? part : negate(part);
}

/** Builds the opposite. What says which VMs it finds is better known to a database than what says which it leaves out. */
function negate(part: VmSearch): VmSearch {
  if (part.kind !== "staleReason") return { kind: "not", part };
  return { kind: "staleReason", reasons: EVERY_REASON.filter((reason) => !part.reasons.includes(reason)) };
}

function parseNamePart(part: string): VmSearch {
  const parts = ["", parseText("nameContains", part), ""];
  return { kind: "text", key: "name", match: { parts, ignoreCase: true } };
}

/** Parses what one text must meet. A VM has several interfaces, networks and names of its host: one of them has to meet all. */
function parseTextFilter(
  field: string,
  input: TextFilterInput | null | undefined,
  create: (match: TextMatch) => VmSearch,
): VmSearch[] {
  if (input == null) return [];
  const { eq, contains, startsWith } = input;
  const parse = (name: string, text: string) => parseText(`${field}.${name}`, text);
  const patterns = [
    ...(eq == null ? [] : [{ name: "eq", parts: [parse("eq", eq)] }]),
    ...(contains == null ? [] : [{ name: "contains", parts: ["", parse("contains", contains), ""] }]),
    ...(startsWith == null ? [] : [{ name: "startsWith", parts: [parse("startsWith", startsWith), ""] }]),
  ];
  const match = patterns.reduceRight<TextMatch | null>((also, { name, parts }) => {
    const own = { parts, ignoreCase: true };
    if (eq != null && !mayMatchAll([{ parts: [eq], ignoreCase: true }, own], [])) {
      throw createFilterError(
        `${field}.${name}`,
        `${JSON.stringify(eq)} does not have this; leave one of them out`,
      );
    }
    return also === null ? own : { ...own, also };
  }, null);
  return match === null ? [] : [create(match)];
}

/** Parses what one address must meet. A VM has several: one of them has to meet all. */
function parseAddressFilter({ eq, inCidr, anyOf, family }: AddressFilterInput): VmSearch[] {
  const isOfFamily = (address: string) => {
    const number = parseAddress(address);
    return family == null || number === null || unmapAddress(number).family === family;
  };
  if (eq != null && !isOfFamily(eq)) {
    throw createFilterError("address.family", `${eq} is not of this family; leave one of them out`);
  }
  const listed = anyOf == null ? null : checkListLength("address.anyOf", anyOf);
  if (listed?.length === 0) return [{ kind: "addresses", addresses: [] }];
  // These conditions are of one address, so the narrowest of them is enough.
  if (eq != null) {
    const addresses = listEquivalentAddresses(eq);
    if (listed !== null && !listed.some((each) => addresses.includes(each))) {
      throw createFilterError("address.anyOf", `${eq} is not among these; leave one of them out`);
    }
    return [searchAddresses(addresses, inCidr ?? null, `${eq} is not`)];
  }
  if (listed !== null) {
    const ofFamily = listed.filter(isOfFamily);
    if (ofFamily.length === 0) {
      throw createFilterError("address.family", "none of anyOf is of this family; leave one of them out");
    }
    return [searchAddresses(ofFamily.flatMap(listEquivalentAddresses), inCidr ?? null, "none of anyOf is")];
  }
  if (inCidr == null && family == null) return [];
  if (inCidr != null && family != null && !mayHaveFamily(inCidr, family)) {
    throw createFilterError("address.family", "the prefix is not of this family; leave one of them out");
  }
  return [searchPrefix(inCidr ?? null, family ?? null)];
}

/** Searches those of the addresses that are in the prefix (`null`: in any). A short prefix of IPv6 has an address mapped, and not in IPv4. */
function searchAddresses(addresses: readonly string[], inCidr: Cidr | null, refusal: string): VmSearch {
  const inside = inCidr === null ? addresses : addresses.filter((each) => isTextInCidr(each, inCidr));
  if (inside.length > 0) return { kind: "addresses", addresses: [...new Set(inside)] };
  throw createFilterError("address.inCidr", `${refusal} in this prefix; leave one of them out`);
}

/** Refuses a reason for what is not stale, wherever it stands. An empty list of reasons finds nothing, as it says. */
function checkStale({ stale, staleReason }: VmFilterInput): void {
  if (stale !== false || staleReason == null || staleReason.length === 0) return;
  throw createFilterError("staleReason", "asked for beside stale: false; leave one of them out");
}
