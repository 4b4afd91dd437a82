import { isUuid } from "../../model/uuid.js";
import { createGraphError } from "../errors.js";

/** The largest page. */
export const MAX_PAGE = 500;
/** The longest list of an argument. */
export const MAX_VALUES = 500;
/** Default number of items of a list. */
export const DEFAULT_PAGE = 50;

/** Parses an id into lower case. Throws an error that names the argument if it is no UUID. */
export function parseId(argument: string, id: string): string {
  if (isUuid(id)) return id.toLowerCase();
  throw createGraphError("BAD_USER_INPUT", `${argument}: ${formatQuoted(id)} is not a UUID`);
}

/** Parses a list of ids as {@link parseId} does, without repetitions. */
export function parseIds(argument: string, ids: readonly string[]): readonly string[] {
  return [...new Set(checkListLength(argument, ids).map((id) => parseId(argument, id)))];
}

/** Returns the list. Throws an error that names the argument if it has more than {@link MAX_VALUES} values. */
export function checkListLength<Value>(argument: string, values: readonly Value[]): readonly Value[] {
  if (values.length <= MAX_VALUES) return values;
  throw createGraphError(
    "BAD_USER_INPUT",
    `${argument}: has ${values.length} values; at most ${MAX_VALUES} are allowed`,
  );
}

/** Parses a page size between 1 and {@link MAX_PAGE}. */
export function parsePageSize(
  asked: number | null | undefined,
  fallback: number,
  argument: "first" | "last" = "first",
): number {
  const size = asked ?? fallback;
  if (size >= 1 && size <= MAX_PAGE) return size;
  throw createGraphError("BAD_USER_INPUT", `${argument}: must be from 1 to ${MAX_PAGE}, not ${size}`);
}

/** Checks a free text: not too long, and without NUL, which PostgreSQL cannot hold. */
export function parseText(argument: string, text: string): string {
  if (text.includes("\u0000"))
    throw createGraphError("BAD_USER_INPUT", `${argument}: must not contain a NUL character`);
  if (text.length <= MAX_TEXT) return text;
  throw createGraphError(
    "BAD_USER_INPUT",
    `${argument}: ${text.length} characters are too many, ${MAX_TEXT} are allowed`,
  );
}

/** oVirt's names have at most 255 characters. */
const MAX_TEXT = 255;

function formatQuoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
