/**
 * Replaces what a terminal or a log reader would not show as text. These are control characters, escape sequences, line
 * breaks, characters that turn the direction of writing, and lone surrogates. For text of others that ends in a message
 * or a table.
 */
export function toPrintable(text: string): string {
  return text.replace(UNPRINTABLE, " ").trim();
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/** Does the same within each line of a text that has several. */
export function toPrintableLines(text: string): string {
  return text.replace(UNPRINTABLE_IN_LINE, " ");
}

// Line breaks are between lines, and all else of these is in one.
const UNPRINTABLE_IN_LINE = /(?:(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}])+/gu;

/** Escapes in JSON what {@link toPrintable} would replace. Who parses the line reads the same as before. */
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

/** What nearly every line consists of. */
const PLAIN = /^[\n -~]*$/;
