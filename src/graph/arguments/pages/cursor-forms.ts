import { parseAddress } from "../../../model/address/cidr.js";

/** Tells whether a part of a cursor has its form. PostgreSQL can read each text that passes. */
export type CursorForm = (text: string) => boolean;

/** Returns `true` for an address without a zone. */
export function isAddress(text: string): boolean {
  return parseAddress(text) !== null;
}

/** Returns `true` for a number that every bigint holds. */
export function isSequence(text: string): boolean {
  return /^\d{1,18}$/.test(text);
}

/** Returns `true` for a text that PostgreSQL can hold. */
export function isKey(text: string): boolean {
  return text.length > 0 && text.length <= 2_000 && !text.includes("\u0000");
}

/**
 * Tells whether a text is a valid time in UTC, with so many digits of a second. JavaScript alone would read 30 February
 * as a day in March, and would accept a year 0, which PostgreSQL does not have.
 */
export function isInstant(text: string, digits: 3 | 6): boolean {
  const [, second = "", fraction = ""] = INSTANT.exec(text) ?? [];
  if (fraction.length !== digits || second.startsWith("0000")) return false;
  const ms = Date.parse(`${second}Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(second);
}

const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3,6})Z$/;
