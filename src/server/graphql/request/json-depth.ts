const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Measures the deepest nesting of a JSON text before it is parsed, in one pass and without recursion. */
export function measureJsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) at = findStringEnd(text, at);
    else if (char === OPEN_BRACE || char === OPEN_BRACKET) deepest = Math.max(deepest, ++depth);
    else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) depth--;
  }
  return deepest;
}

/**
 * Tells whether a JSON text has a name of more than {@link LONGEST_NAME} characters. V8 keeps the names of all objects of the process in
 * one table, until its next complete collection, and tells long ones apart by their length alone: thousands of the same length would hold
 * up each text that brings another one.
 */
export function hasLongName(text: string): boolean {
  if (text.length <= LONGEST_NAME) return false;
  for (let at = text.indexOf('"'); at !== -1;) {
    const end = findStringEnd(text, at);
    if (end - at - 1 > LONGEST_NAME && isFollowedByColon(text, end)) return true;
    at = text.indexOf('"', end + 1);
  }
  return false;
}

/** The most characters of a name: many times those of the longest that anybody has a use for. */
export const LONGEST_NAME = 1_024;

function isFollowedByColon(text: string, quote: number): boolean {
  let at = quote + 1;
  while (at < text.length && " \t\n\r".includes(text.charAt(at))) at++;
  return text[at] === ":";
}

/**
 * Finds the quote that ends a string. It searches for quotes instead of reading each letter, since strings may have
 * megabytes.
 */
function findStringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

/** Tells whether an odd number of backslashes stands before this position. */
function isEscaped(text: string, position: number): boolean {
  let at = position;
  while (text.charCodeAt(at - 1) === BACKSLASH) at--;
  return (position - at) % 2 === 1;
}
