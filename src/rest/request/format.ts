/** The two forms of every answer. */
export type Format = "xml" | "json";

/** Finds the form that the `Accept` header asks for; `null` if it accepts neither. XML if it does not say, as in oVirt. */
export function negotiateFormat(accept: string | undefined): Format | null {
  if (accept === undefined || accept.trim() === "") return "xml";
  const ranges = accept.split(",").map(parseRange);
  const worths = OFFERS.map(({ format, types }) => ({
    format,
    ...types.map((type) => findWorth(type, ranges)).reduce(pickBetter),
  }));
  const best = worths.reduce((left, right) => (pickBetter(left, right) === left ? left : right));
  return best.quality > 0 ? best.format : null;
}

const OFFERS: readonly { readonly format: Format; readonly types: readonly string[] }[] = [
  { format: "xml", types: ["application/xml", "text/xml"] },
  { format: "json", types: ["application/json"] },
];

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
  const number =
    quality === undefined ? 1 : /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(quality) ? Number(quality) : 0;
  return { type, quality: number };
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
