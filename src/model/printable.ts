/**
 * Replaces what a terminal or a log reader would not show as text. These are control characters, escape sequences, line
 * breaks, characters that turn the direction of writing, and lone surrogates. For text of others that ends in a message
 * or a table.
 */
export function toPrintable(text: string): string {
  return text.replace(UNPRINTABLE, " ").trim();
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;
