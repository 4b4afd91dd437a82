/**
 * Replaces characters that a terminal or a log viewer would not show as text: control characters, escape sequences, line
 * breaks, characters that change the direction of writing, and lone surrogates. Use it for foreign text in a message or a
 * table.
 */
export function toPrintable(text: string): string {
  return text.replace(UNPRINTABLE, " ").trim();
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/** Does the same in each line of a text with several lines. */
export function toPrintableLines(text: string): string {
  return text.replace(UNPRINTABLE_IN_LINE, " ");
}

// The same characters without the line break.
const UNPRINTABLE_IN_LINE = /(?:(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}])+/gu;

/** Escapes the characters in JSON that {@link toPrintable} would replace. A parser reads the same values as before. */
export function escapeUnprintable(json: string): string {
  if (PLAIN.test(json)) return json;
  return json.replace(UNPRINTABLE, escapeAll);
}

function escapeAll(text: string): string {
  return text
    .split("")
    .map((unit) => (unit === "\n" ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`))
    .join("");
}

/** Matches a text that needs no escape, as nearly every line is. */
const PLAIN = /^[\n -~]*$/;
