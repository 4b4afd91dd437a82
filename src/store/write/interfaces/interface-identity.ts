import {
  splitIntoColumns,
  COLUMNS,
  listStoredValues,
  type InterfaceColumn,
} from "../../read/interface-columns.js";
import type { GuestInterface } from "../../types.js";

/** Formats the placeholders for the arrays of {@link splitIntoColumns}, cast to arrays of the columns' types. */
export function formatArrayParameters(columns: readonly InterfaceColumn[], first: number): string {
  return columns.map(({ type }, index) => `$${first + index}::${type}[]`).join(", ");
}

/** The condition that the stored row `t` equals the given row `g`. NULL and `''` both mean no addresses. */
export const IS_GIVEN = COLUMNS.map(({ name, isList }, index) => {
  if (index === 0) return `t.${name} = g.${name}`;
  return isList ? `coalesce(t.${name}, '') = g.${name}` : `t.${name} IS NOT DISTINCT FROM g.${name}`;
}).join(" AND ");

/**
 * Finds one stored row for each given row that equals it, by `ctid`. The table has no key and may hold equal rows. Among
 * equal rows, the nth given row gets the nth stored one.
 */
export const ONE_STORED_ROW_EACH = `candidate AS (
  SELECT t.ctid AS row_id, g.number, g.nth, row_number() OVER (PARTITION BY g.number ORDER BY t.ctid) AS candidate_nth
  FROM unnest(${formatArrayParameters(COLUMNS, 1)}, $${COLUMNS.length + 1}::int[])
    WITH ORDINALITY AS g(${COLUMNS.map(({ name }) => name).join(", ")}, nth, number)
  JOIN vm_guest_agent_interfaces t ON ${IS_GIVEN}
), chosen AS (SELECT row_id, number FROM candidate WHERE candidate_nth = nth)`;

/** Lists the parameters of {@link ONE_STORED_ROW_EACH}. */
export function listIdentities(interfaces: readonly GuestInterface[]): unknown[][] {
  const seen = new Map<string, number>();
  const nths = interfaces.map((guestInterface) => {
    const key = formatInterfaceKey(guestInterface);
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    return nth;
  });
  return [...splitIntoColumns(interfaces), nths];
}

/** Formats all columns of an interface as one key. */
export function formatInterfaceKey(guestInterface: GuestInterface): string {
  return JSON.stringify(listStoredValues(guestInterface));
}
