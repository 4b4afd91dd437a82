/** A form of an answer, and the media types by which a client asks for it. */
export interface Offer<Name extends string> {
  readonly name: Name;
  readonly types: readonly string[];
}

/**
 * Finds the offer that an `Accept` header prefers; `null` if it accepts none. If it does not say, or prefers several equally, the
 * first one is taken.
 */
export function negotiateMediaType<Name extends string>(
  accept: string | undefined,
  offers: readonly [Offer<Name>, ...Offer<Name>[]],
): Name | null {
  if (accept === undefined || accept.trim() === "") return offers[0].name;
  const ranges = accept.split(",").map(parseRange);
  const worths = offers.map(({ name, types }) => ({
    name,
    ...types.map((type) => findWorth(type, ranges)).reduce(pickBetter),
  }));
  const best = worths.reduce((left, right) => (pickBetter(left, right) === left ? left : right));
  return best.quality > 0 ? best.name : null;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

/**
 * The preference for a type, and how exactly the header named it. If two are equally preferred, the more exact one
 * wins.
 */
interface Worth {
  readonly quality: number;
  readonly exactness: number;
  readonly index: number;
}

function parseRange(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  // Java sends `*; q=.2, */*; q=.2`. The RFC knows neither, but both are plain.
  return { type: type === "*" ? "*/*" : type, quality: readQuality(quality) };
}

/** Reads a weight, whatever its number of decimals. What is no number counts as if it were not there. */
function readQuality(text: string | undefined): number {
  const number = text === undefined || text === "" ? 1 : Number(text);
  return Number.isNaN(number) ? 1 : Math.min(Math.max(number, 0), 1);
}

/**
 * Finds the weight of a type. The most exact range decides, as RFC 9110 says: `application/json;q=0` refuses JSON in
 * spite of a range of all types.
 */
function findWorth(type: string, ranges: readonly Range[]): Worth {
  const [family = ""] = type.split("/");
  for (const [exactness, name] of [
    [2, type],
    [1, `${family}/*`],
    [0, "*/*"],
  ] as const) {
    const index = ranges.findIndex((range) => range.type === name);
    const range = ranges[index];
    if (range !== undefined) return { quality: range.quality, exactness, index };
  }
  return { quality: 0, exactness: 0, index: ranges.length };
}

function pickBetter<T extends Worth>(left: T, right: T): T {
  if (left.quality !== right.quality) return left.quality > right.quality ? left : right;
  if (left.exactness !== right.exactness) return left.exactness > right.exactness ? left : right;
  return right.index < left.index ? right : left;
}
