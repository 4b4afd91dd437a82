import { hash } from "node:crypto";

/**
 * Returns a text that is the same only for the same text, and never long: a long one's digest stands for it. V8 finds a text of more
 * than 16,383 characters in a map by its length alone, so that each look-up among many of the same length would read all of them.
 * Use it for keys that hold what others sent or set. `most`: the longest text that stands for itself. No text that begins with `#` may come otherwise.
 */
export function shortenKey(text: string, most = MOST_CHARACTERS): string {
  return text.length <= most ? text : `#${hash("sha256", text, "base64")}`;
}

const MOST_CHARACTERS = 1_024;
