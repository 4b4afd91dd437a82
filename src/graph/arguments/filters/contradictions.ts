import type { StaleReason, TextMatch, VmSearch } from "../../../loaders/rows.js";
import { createGraphError } from "../../errors.js";
import { StaleReasonEnum } from "../../types/enums.js";
import { implies } from "./implied-conditions.js";
import { countWholeTexts, mayMatchAll } from "./text-contradictions.js";

/**
 * Refuses conditions that cannot hold together, so that no VM could be found: those of which a VM has one value (of its host's
 * names two), and an address beside none. Inside an alternative (`or`) or a NOT, it refuses only an address beside none: there the whole filter may hold.
 */
export function checkContradictions(search: readonly VmSearch[]): void {
  const parts = search.flatMap((part) => listTogether(part));
  checkHasAddress(parts);
  const wanted = parts.filter(({ kind }) => kind !== "not");
  // It finds nothing, as it says.
  if (wanted.some(isEmpty)) return;
  const unwanted = parts.flatMap((part) => (part.kind === "not" ? [part.part] : []));
  refuseIfNoneLeft("status", collect(wanted, listStatuses), collect(unwanted, listStatuses));
  refuseIfNoneLeft("id", collect(wanted, listIds), collect(unwanted, listIds));
  refuseIfNoneLeft("hostId", collect(wanted, listHosts), collect(unwanted, listHosts));
  refuseIfNoneLeft("onTwoHosts", collect(wanted, listOnTwoHosts), collect(unwanted, listOnTwoHosts));
  const reasons = [EVERY_REASON, ...collect(wanted, listReasons)];
  refuseIfNoneLeft("stale, staleReason", reasons, collect(unwanted, listReasons));
  for (const key of ["name", "fqdn"] as const) {
    if (!mayMatchAll(listMatches(wanted, key), listMatches(unwanted, key))) throw createNothingLeft(key);
  }
  // A host is found by its name and by its address, so that two different texts may be of one.
  if (countWholeTexts(listMatches(wanted, "host")) > 2) throw createNothingLeft("host");
  for (const part of unwanted) refuseOpposite(part, wanted);
}

/** Tells whether no VM meets the condition, since it is an empty list. */
function isEmpty(part: VmSearch): boolean {
  switch (part.kind) {
    case "none":
      return true;
    case "status":
      return part.statuses.length === 0;
    case "staleReason":
      return part.reasons.length === 0;
    case "addresses":
      return part.addresses.length === 0;
    default:
      return false;
  }
}

/** Refuses a condition beside one in a NOT that holds wherever it holds. */
function refuseOpposite(unwanted: VmSearch, wanted: readonly VmSearch[]): void {
  // To exclude all VMs finds none, as it says.
  if (unwanted.kind === "all") return;
  if (!wanted.some((part) => implies(part, unwanted))) return;
  throw createFilterError("not", "it excludes what is asked for beside it; leave one of them out");
}

/** Lists the conditions that must hold together in one. `isWanted` is `false` inside a NOT, where none of an OR may hold. */
function listTogether(search: VmSearch, isWanted = true): readonly VmSearch[] {
  if (search.kind === "not") return listTogether(search.part, !isWanted);
  if (search.kind === (isWanted ? "and" : "or")) {
    return search.parts.flatMap((part) => listTogether(part, isWanted));
  }
  return [isWanted ? search : { kind: "not", part: search }];
}

function checkHasAddress(parts: readonly VmSearch[]): void {
  const wantsNone = parts.some((part) => part.kind === "not" && part.part.kind === "hasAddress");
  if (wantsNone && parts.some(isAddressWanted)) {
    throw createFilterError(
      "hasAddress",
      "false, beside an address that must be there; leave one of them out",
    );
  }
  for (const part of parts) {
    if (part.kind === "not") checkHasAddress(listAnd(part.part));
    if (part.kind === "or") for (const each of part.parts) checkHasAddress(listAnd(each));
  }
}

/** Returns whether the condition wants an address. An empty list of addresses does not: it finds nothing, as it says. */
function isAddressWanted(part: VmSearch): boolean {
  if (part.kind === "addresses") return part.addresses.length > 0;
  return part.kind === "address" || part.kind === "inCidr" || part.kind === "hasAddress";
}

function listAnd(search: VmSearch): readonly VmSearch[] {
  return search.kind === "and" ? search.parts.flatMap(listAnd) : [search];
}

/** What a VM's staleness may be; `null`: it is current. */
export const EVERY_REASON: readonly (StaleReason | null)[] = [null, ...Object.values(StaleReasonEnum)];

const listStatuses = (part: VmSearch) => (part.kind === "status" ? part.statuses : null);
const listIds = (part: VmSearch) => {
  const parts = part.kind === "or" ? part.parts : [part];
  const ids = parts.flatMap((each) => (each.kind === "id" ? [each.id] : []));
  return ids.length === parts.length ? ids : null;
};
const listHosts = (part: VmSearch) => (part.kind === "hostId" ? [part.id] : null);
const listOnTwoHosts = (part: VmSearch) => (part.kind === "onTwoHosts" ? [true] : null);
const listReasons = (part: VmSearch) => (part.kind === "staleReason" ? part.reasons : null);

function listMatches(parts: readonly VmSearch[], key: "name" | "fqdn" | "host"): readonly TextMatch[] {
  return parts.flatMap((part) => (part.kind === "text" && part.key === key ? [part.match] : []));
}

function collect<Value>(
  parts: readonly VmSearch[],
  list: (part: VmSearch) => readonly Value[] | null,
): readonly (readonly Value[])[] {
  return parts.flatMap((part) => {
    const values = list(part);
    return values === null ? [] : [values];
  });
}

/** Refuses the field if no value is in all lists of wanted ones and in none of the unwanted. */
function refuseIfNoneLeft<Value>(
  field: string,
  wanted: readonly (readonly Value[])[],
  unwanted: readonly (readonly Value[])[],
): void {
  const [first, ...others] = wanted;
  if (first === undefined) return;
  const isLeft = (value: Value) =>
    others.every((values) => values.includes(value)) && !unwanted.some((values) => values.includes(value));
  if (!first.some(isLeft)) throw createNothingLeft(field);
}

function createNothingLeft(field: string) {
  return createFilterError(
    field,
    "nothing is left of it: a value was expected that meets all conditions, in `and` and `not` too; leave one of them out",
  );
}

/** Creates the error that refuses a filter for one of its fields. */
export function createFilterError(field: string, reason: string) {
  return createGraphError("BAD_USER_INPUT", `${field}: ${reason}`);
}
