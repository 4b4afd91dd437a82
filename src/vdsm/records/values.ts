/** Values of VDSM's records, whose schema is advisory. What is larger than any guest's is refused like what cannot be read. */

/** Why a record cannot be read, in words for its VM's `reason`. */
export class UnreadableRecordError extends Error {}

/** A text, or a number or truth value as text; `null` if there is none. */
export function readText(value: unknown, field: string, longest = MAX_TEXT): string | null {
  if (typeof value === "string") {
    if (value.length > longest) throw tooLong(field, value, longest);
    return value;
  }
  if (value === undefined || value === null) return null;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new UnreadableRecordError(`${field} is no text`);
}

/** A whole number that an integer column holds, or a text of one. It only explains, so one that cannot be read is none. */
export function readInteger(value: unknown): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) && Math.abs(number) <= MAX_INTEGER
    ? number
    : null;
}

/** The entries of a list, none if it is absent; `field` names it and `entries` what they are. */
export function readList(value: unknown, field: string, entries: string, most: number): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new UnreadableRecordError(`${field} is no list`);
  if (value.length > most)
    throw new UnreadableRecordError(`${field} has ${value.length} ${entries}, more than ${most}`);
  return value;
}

function tooLong(what: string, value: string, longest: number): UnreadableRecordError {
  return new UnreadableRecordError(`${what} has ${value.length} characters, more than ${longest}`);
}

const MAX_TEXT = 1_024;

/** PostgreSQL refuses a larger one, and with it all that the host reports. */
const MAX_INTEGER = 2_147_483_647;
