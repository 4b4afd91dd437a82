import { isAddressOf } from "../../model/address/ip.js";
import { quoteText, readText, type ProblemList } from "./values.js";

/** Reads `guestIPs`, the text of all addresses from agents that report no interfaces. What is no address in it is a problem. */
export function readGuestIps(value: unknown, problems: ProblemList): string | null {
  const text = readText(value, FIELD, problems, MAX_LENGTH);
  for (const item of splitGuestIps(text ?? "")) {
    if (!isAddressOf(4, item) && !isAddressOf(6, item))
      problems.add(FIELD, `has ${quoteText(item)}, no address`);
  }
  return text;
}

/** Splits the text at blanks, commas and semicolons. */
export function splitGuestIps(text: string): string[] {
  return text.split(/[\s,;]+/).filter((item) => item !== "");
}

const FIELD = "guestIPs";

/** The longest text, which holds all addresses. */
const MAX_LENGTH = 65_536;
