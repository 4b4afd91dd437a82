import { SETTINGS } from "./settings.js";

/** A variable that is no setting but looks like one. */
export interface UnknownVariable {
  readonly name: string;
  /** The setting with the most similar name. */
  readonly nearest: string;
}

/**
 * Finds variables that were probably meant as settings, such as `VDSM_HOST` or `PROT`. Their names differ from a
 * setting's by a typing mistake or two, lack its `_FILE`, or begin with a word with which only our settings begin.
 */
export function findUnknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): UnknownVariable[] {
  return Object.entries(environment)
    .filter(
      ([name, value]) => value !== undefined && value !== "" && !NAMES.includes(name) && !OTHERS.has(name),
    )
    .flatMap(([name]) => {
      const nearest = findNearest(name);
      return nearest === null ? [] : [{ name, nearest }];
    })
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

const NAMES: readonly string[] = Object.keys(SETTINGS);

/** Well-known variables of other programs that look like ours. */
const OTHERS: ReadonlySet<string> = new Set(["SSL_CERT_FILE", "SSL_KEY_FILE", "HOSTS"]);

/** Prefixes that only our variables have. */
const OUR_PREFIXES = ["VDSM_", "OIDC_", "GUEST_NIC_", "AUTH_TOKENS_", "TRUSTED_DOCUMENTS_", "TLS_CLIENT_"];

/** The longest name that is compared. Longer ones are no typing mistakes, and comparing them takes time. */
const LONGEST = Math.max(...NAMES.map((name) => name.length)) + 3;

function findNearest(name: string): string | null {
  if (name.length > LONGEST || (name !== name.toUpperCase() && !name.includes("_"))) return null;
  const upper = name.toUpperCase();
  // Without it the setting has no effect, so that AUTH_TOKENS would let everybody in.
  const withFile = `${upper}_FILE`;
  if (NAMES.includes(withFile)) return withFile;
  const byDistance = NAMES.map((setting) => ({ setting, distance: measureDistance(upper, setting) }));
  const closest = byDistance.reduce((least, each) => (each.distance < least.distance ? each : least));
  if (closest.distance <= allowDistance(closest.setting)) return closest.setting;
  const prefix = OUR_PREFIXES.find((each) => upper.startsWith(each));
  if (prefix === undefined) return null;
  const ours = NAMES.filter((setting) => setting.startsWith(prefix));
  return ours.reduce((best, each) => (countCommon(upper, each) > countCommon(upper, best) ? each : best));
}

/** Counts the letters at the start that two names have in common. */
function countCommon(left: string, right: string): number {
  let count = 0;
  while (count < left.length && left[count] === right[count]) count += 1;
  return count;
}

/** Returns the most mistakes that are taken for typing mistakes. In short names a second one already makes another word. */
function allowDistance(setting: string): number {
  return setting.length <= 6 ? 1 : 2;
}

/** Counts the letters to insert, delete, replace or exchange with a neighbour to turn one text into the other. */
function measureDistance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isExchanged = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isExchanged ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
