import type { VmSearch } from "../../../loaders/rows.js";
import { createGraphError } from "../../errors.js";
import { StaleReasonEnum } from "../../types/enums.js";

/**
 * Refuses conditions that cannot hold together, at whatever depth. They are those of which a VM has one value: whether it has
 * an address, why it is stale, its state, its host. Alternatives (`or`) are looked at one by one, each by itself; that none
 * of them fits what stands beside them is not looked for, and then no VM is found.
 */
export function checkContradictions(search: readonly VmSearch[]): void {
  const parts = search.flatMap((part) => listTogether(part));
  const wanted = parts.filter(({ kind }) => kind !== "not");
  const unwanted = parts.flatMap((part) => (part.kind === "not" ? [part.part] : []));
  if (hasKind(unwanted, ["hasAddress"]) && hasKind(wanted, WANTING_ADDRESS)) {
    refuse("hasAddress", "false, beside an address that must be there");
  }
  if (hasKind(unwanted, ["onTwoHosts"]) && hasKind(wanted, ["onTwoHosts"])) {
    refuse("onTwoHosts", "asked for as true and as false");
  }
  const findReasons = (part: VmSearch) => (part.kind === "staleReason" ? part.reasons : null);
  if (leavesNone([EVERY_REASON, ...collect(wanted, findReasons)], collect(unwanted, findReasons))) {
    refuse("staleReason", "asked for beside stale: false, or beside other reasons alone");
  }
  const findStatuses = (part: VmSearch) => (part.kind === "status" ? part.statuses : null);
  if (leavesNone(collect(wanted, findStatuses), collect(unwanted, findStatuses))) {
    refuse("status", "asked for beside other states alone");
  }
  const findHost = (part: VmSearch) => (part.kind === "hostId" ? [part.id] : null);
  if (leavesNone(collect(wanted, findHost), collect(unwanted, findHost))) {
    refuse("hostId", "asked for beside another host");
  }
  for (const part of parts) {
    if (part.kind === "not") checkContradictions(part.part.kind === "and" ? part.part.parts : []);
    if (part.kind === "or") for (const each of part.parts) checkContradictions([each]);
  }
}

/** Lists the conditions that must hold together in one. `isWanted` is `false` inside a NOT, where none of an OR may hold. */
function listTogether(search: VmSearch, isWanted = true): readonly VmSearch[] {
  if (search.kind === "not") return listTogether(search.part, !isWanted);
  if (search.kind === (isWanted ? "and" : "or")) {
    return search.parts.flatMap((part) => listTogether(part, isWanted));
  }
  return [isWanted ? search : { kind: "not", part: search }];
}

const WANTING_ADDRESS: readonly VmSearch["kind"][] = ["address", "addresses", "inCidr", "hasAddress"];
const EVERY_REASON = [null, ...Object.values(StaleReasonEnum)];

function hasKind(parts: readonly VmSearch[], kinds: readonly VmSearch["kind"][]): boolean {
  return parts.some(({ kind }) => kinds.includes(kind));
}

function collect<Value>(
  parts: readonly VmSearch[],
  find: (part: VmSearch) => readonly Value[] | null,
): readonly (readonly Value[])[] {
  return parts.flatMap((part) => {
    const values = find(part);
    return values === null ? [] : [values];
  });
}

/**
 * Returns whether no value is in all lists of wanted ones and in none of the unwanted. An empty list of wanted values is no
 * contradiction: it finds nothing, as it says.
 */
function leavesNone<Value>(
  wanted: readonly (readonly Value[])[],
  unwanted: readonly (readonly Value[])[],
): boolean {
  const [first, ...others] = wanted;
  if (first === undefined || wanted.some((values) => values.length === 0)) return false;
  return !first.some(
    (value) =>
      others.every((values) => values.includes(value)) && !unwanted.some((values) => values.includes(value)),
  );
}

function refuse(field: string, reason: string): never {
  throw createFilterError(field, `${reason}; leave one of them out`);
}

/** Creates the error that refuses a filter for one of its fields. */
export function createFilterError(field: string, reason: string) {
  return createGraphError("BAD_USER_INPUT", `${field}: ${reason}`);
}
