import { createGraphError } from "../../errors.js";
import { formatCursorText, parseCursorText } from "./cursor-text.js";
import type { CursorForm } from "./cursor-forms.js";

/** Formats the position of a row in a list, as a text that only this server reads. `list` names the list. */
export function formatRowCursor(list: string, parts: readonly string[]): string {
  return formatCursorText([list, ...parts]);
}

/** Parses the parts of a cursor. Throws an error if it is no cursor of this list, or a part does not have its form. */
export function parseRowCursor(
  list: string,
  cursor: string,
  forms: readonly CursorForm[],
): readonly string[] {
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
