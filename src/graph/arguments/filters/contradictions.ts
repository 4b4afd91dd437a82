import type { VmSearch } from "../../../loaders/rows.js";
import { createGraphError } from "../../errors.js";

/** Refuses conditions that want an address and none, at whatever depth, wherever they must hold together. */
export function checkHasAddress(search: readonly VmSearch[]): void {
  const parts = search.flatMap(listTogether);
  const wantsNone = parts.some((part) => part.kind === "not" && part.part.kind === "hasAddress");
  if (wantsNone && parts.some(({ kind }) => WANTING_ADDRESS.has(kind))) {
    throw createFilterError(
      "hasAddress",
      "false, beside an address that must be there; leave one of them out",
    );
  }
  for (const part of parts) {
    if (part.kind === "not") checkHasAddress([part.part]);
    if (part.kind === "or") for (const each of part.parts) checkHasAddress([each]);
  }
}

/** Lists the conditions that must hold together in one. */
function listTogether(search: VmSearch): readonly VmSearch[] {
  return search.kind === "and" ? search.parts.flatMap(listTogether) : [search];
}

const WANTING_ADDRESS: ReadonlySet<VmSearch["kind"]> = new Set([
  "address",
  "addresses",
  "inCidr",
  "hasAddress",
]);

/** Creates the error that refuses a filter for one of its fields. */
export function createFilterError(field: string, reason: string) {
  return createGraphError("BAD_USER_INPUT", `${field}: ${reason}`);
}
