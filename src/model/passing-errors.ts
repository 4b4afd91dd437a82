/** Tells by its extensions whether an error of a subscription passes by itself, so that its client should ask again. */
export function isPassingError(extensions: Readonly<Record<string, unknown>>): boolean {
  return extensions["permanent"] !== true && PASSING_CODES.has(String(extensions["code"]));
}

const PASSING_CODES: ReadonlySet<string> = new Set(["SLOW_READER", "NOT_AVAILABLE", "OVERLOADED"]);
