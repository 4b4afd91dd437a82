import { createGraphError } from "../../errors.js";
import type { PlaceForm } from "./place-forms.js";

/** Formats a place in a list of the past, as text that only we need to understand. `list` names the list that it is of. */
export function formatPlace(list: string, parts: readonly string[]): string {
  return Buffer.from(JSON.stringify([VERSION, list, ...parts])).toString("base64url");
}

/** Parses the parts of a place, each of its form; an error if it is not a cursor of this list. */
export function parsePlace(list: string, cursor: string, forms: readonly PlaceForm[]): readonly string[] {
  const [version, name, ...parts] = parseParts(cursor);
  const isOurs =
    version === VERSION &&
    name === list &&
    parts.length === forms.length &&
    forms.every((isOfForm, index) => typeof parts[index] === "string" && isOfForm(parts[index]));
  if (isOurs) return parts as string[];
  throw createGraphError(
    "BAD_USER_INPUT",
    "after: not a cursor of this list; pass an endCursor of it as it came",
  );
}

/** Raised when cursors change, so that old ones are refused and not misread. */
const VERSION = 1;

function parseParts(cursor: string): readonly unknown[] {
  if (!/^[\w-]{1,4000}$/.test(cursor)) return [];
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
