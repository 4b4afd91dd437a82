import { isAddressOf } from "../../model/address/ip.js";
import { MAX_PROBLEMS, quoteText, readText, type ProblemList } from "./values.js";

/**
 * Reads `guestIPs`, the text of all addresses from agents that report no interfaces. What is no address in it is a problem; if
 * nothing is one, it cannot be read, and is `null`.
 */
export function readGuestIps(value: unknown, problems: ProblemList): string | null {
  const text = readText(value, FIELD, problems, MAX_LENGTH);
  if (text === null) return null;
  const items = splitGuestIps(text);
  const wrong = items.filter((item) => !isAddress(item));
  for (const item of wrong.slice(0, MAX_PROBLEMS)) problems.add(FIELD, `has ${quoteText(item)}, no address`);
  return items.length > 0 && wrong.length === items.length ? null : text;
}

function isAddress(item: string): boolean {
  return /[.:]/.test(item) && (isAddressOf(4, item) || isAddressOf(6, item));
}

/** Splits the text at blanks, commas and semicolons. */
export function splitGuestIps(text: string): string[] {
  return text.split(/[\s,;]+/).filter((item) => item !== "");
}

const FIELD = "guestIPs";

/** The longest text, which holds all addresses. */
const MAX_LENGTH = 65_536;
