import type { SqlParameters } from "../../postgres/sql.js";

/**
 * A pattern for a text: these parts in this order, with any characters between two of them. A single part is the complete
 * text.
 */
export interface TextMatch {
  readonly parts: readonly string[];
  readonly ignoreCase: boolean;
  /** Another pattern that the same text must match, too. */
  readonly also?: TextMatch;
}

/**
 * Builds the condition that a column's text matches, whatever the database's locale is. Case is compared by code point: a
 * Turkish database would not find `WIN` by `win`, and one in the C locale no `Ğ` by `ğ`.
 */
export function matchText(column: string, match: TextMatch, parameters: SqlParameters): string {
  const matches = matchPattern(column, match, parameters);
  return match.also === undefined ? matches : `(${matches} AND ${matchText(column, match.also, parameters)})`;
}

function matchPattern(column: string, { parts, ignoreCase }: TextMatch, parameters: SqlParameters): string {
  const [only = ""] = parts;
  if (!ignoreCase) {
    return parts.length === 1
      ? `${column} = ${parameters.add(only)}::text`
      : `${column} LIKE ${parameters.add(formatLikePattern(parts))}::text`;
  }
  if (!parts.every(isAscii)) return `${column} COLLATE "C" ~ ${parameters.add(formatRegExp(parts))}::text`;
  // In the C locale PostgreSQL changes the case of ASCII letters only. These parts have no other letters.
  const lowerColumn = `lower(${column} COLLATE "C")`;
  const lowerParts = parts.map((part) => part.toLowerCase());
  if (lowerParts.length === 1) return `${lowerColumn} = ${parameters.add(lowerParts[0])}::text`;
  if (isContains(lowerParts)) return `strpos(${lowerColumn}, ${parameters.add(lowerParts[1])}::text) > 0`;
  return `${lowerColumn} LIKE ${parameters.add(formatLikePattern(lowerParts))}::text`;
}

/** Formats the parts as a pattern for LIKE. LIKE's special characters in them are escaped. */
export function formatLikePattern(parts: readonly string[]): string {
  return parts.map(escapeLike).join("%");
}

/** Escapes LIKE's special characters. */
export function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}

/**
 * Lists texts of three characters that each matching text has in lower case, as `vnic_graph_trigrams` computes it. Other letters than
 * ASCII's have cases that PostgreSQL does not change. The first ones are enough: rows found by them are compared.
 */
export function listTrigrams({ parts, also }: TextMatch): readonly string[] {
  const found = new Set(also === undefined ? [] : listTrigrams(also));
  for (const part of parts) {
    for (let at = 0; at + 3 <= part.length && found.size < MOST_TRIGRAMS; at += 1) {
      const trigram = part.slice(at, at + 3);
      if (isAscii(trigram)) found.add(trigram.toLowerCase());
    }
  }
  return [...found];
}

const MOST_TRIGRAMS = 30;

function isContains(parts: readonly string[]): boolean {
  return parts.length === 3 && parts[0] === "" && parts[2] === "";
}

/** Returns `true` if a text has only ASCII characters. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/**
 * Formats a regular expression. Each character becomes a choice of its upper and lower cases, because PostgreSQL's own rule
 * depends on the database's locale.
 */
function formatRegExp(parts: readonly string[]): string {
  return `^${parts.map((part) => Array.from(part, formatCharacterClass).join("")).join(".*")}$`;
}

function formatCharacterClass(character: string): string {
  const lower = character.toLowerCase();
  const cases = [
    ...new Set([character, lower, character.toUpperCase(), ...(SIGMAS.has(lower) ? SIGMAS : [])]),
  ];
  return `(?:${cases.map(escapeRegExp).join("|")})`;
}

/** The two lower cases of the Greek sigma: the second one stands at the end of a word. No other letter in use has two. */
const SIGMAS: ReadonlySet<string> = new Set(["\u03C3", "\u03C2"]);

/** Escapes characters that may be special in PostgreSQL's regular expressions: all but letters, digits and blanks. */
export function escapeRegExp(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}\p{M}\s]/gu, String.raw`\$&`);
}
