import type { TextMatch } from "../../../loaders/rows.js";
import { matchParts } from "../../../model/match-parts.js";

/**
 * Tells whether one text may match all the wanted patterns and none of the unwanted. Only patterns in ASCII are judged: beyond it, two
 * letters may both match a third one.
 */
export function mayMatchAll(wanted: readonly TextMatch[], unwanted: readonly TextMatch[]): boolean {
  const patterns = wanted.flatMap(listPlainPatterns);
  const whole = patterns.find((parts) => parts.length === 1)?.[0];
  if (whole !== undefined) {
    const excluded = unwanted.filter(({ also }) => also === undefined).flatMap(listPlainPatterns);
    const isMatch = (parts: readonly string[]) => matchParts(parts, whole);
    return patterns.every(isMatch) && !excluded.some(isMatch);
  }
  const beginnings = patterns.map(([first = ""]) => first);
  const ends = patterns.map((parts) => parts.at(-1) ?? "");
  return (
    haveOneLongest(beginnings, (text, beginning) => text.startsWith(beginning)) &&
    haveOneLongest(ends, (text, end) => text.endsWith(end))
  );
}

/** Counts the different complete texts that the patterns ask for. */
export function countWholeTexts(matches: readonly TextMatch[]): number {
  const wholes = matches.flatMap(listPlainPatterns).filter((parts) => parts.length === 1);
  return new Set(wholes.flat()).size;
}

/** Lists the patterns of a text, in lower case, that have no letters beyond ASCII. */
export function listPlainPatterns({ parts, ignoreCase, also }: TextMatch): readonly (readonly string[])[] {
  const isPlain = ignoreCase && parts.every((part) => /^[\0-\x7f]*$/.test(part));
  const others = also === undefined ? [] : listPlainPatterns(also);
  return isPlain ? [parts.map((part) => part.toLowerCase()), ...others] : others;
}

/** Tells whether the longest text has all the others at the same end. */
function haveOneLongest(texts: readonly string[], has: (text: string, other: string) => boolean): boolean {
  const longest = texts.reduce((left, right) => (right.length > left.length ? right : left), "");
  return texts.every((text) => has(longest, text));
}
