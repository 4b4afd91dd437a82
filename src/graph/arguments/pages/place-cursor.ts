import { createGraphError } from "../../errors.js";
import { formatCursorText, parseCursorText } from "./cursor-text.js";
import type { PlaceForm } from "./place-forms.js";

/** Formats a place in a list of the past, as text that only we need to understand. `list` names the list that it is of. */
export function formatPlace(list: string, parts: readonly string[]): string {
  return formatCursorText([list, ...parts]);
}

/** Parses the parts of a place, each of its form. Throws an error if it is not a cursor of this list. */
export function parsePlace(list: string, cursor: string, forms: readonly PlaceForm[]): readonly string[] {
  const [name, ...parts] = parseCursorText(cursor);
  const isOurs =
    name === list &&
    parts.length === forms.length &&
    forms.every((isOfForm, index) => typeof parts[index] === "string" && isOfForm(parts[index]));
  if (isOurs) return parts as string[];
  throw createGraphError(
    "BAD_USER_INPUT",
    "after: not a cursor of this list; pass an endCursor of it as it came",
  );
}
