/**
 * Finds the first key that an object of a JSON text has twice. Returns its path (`scope.vmIds`), or `null` if there is
 * none. JSON.parse would silently keep the last value of such a key. The text must be valid JSON.
 */
export function findRepeatedKey(json: string): string | null {
  const levels: Level[] = [];
  /** Whether a string that comes now is a key. */
  let isKeyNext = false;
  for (const [token] of json.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === "{" || token === "[") {
      isKeyNext = token === "{";
      levels.push({ keys: isKeyNext ? new Set() : null, key: "" });
    } else if (token === "}" || token === "]") {
      levels.pop();
      isKeyNext = false;
    } else if (token === ",") {
      isKeyNext = level?.keys != null;
    } else if (isKeyNext && level !== undefined) {
      // Escapes are undone first: "\u0061" is another spelling of "a".
      level.key = JSON.parse(token) as string;
      if (level.keys?.has(level.key) === true) return formatPath(levels);
      level.keys?.add(level.key);
      isKeyNext = false;
    }
  }
  return null;
}

/** An object or a list that is not closed yet. */
interface Level {
  /** The keys so far; `null` of a list. */
  readonly keys: Set<string> | null;
  key: string;
}

function formatPath(levels: readonly Level[]): string {
  return levels
    .filter(({ keys }) => keys !== null)
    .map(({ key }) => key)
    .join(".");
}

/** Matches a string, or a character that begins, ends or divides. Colons, numbers and literals do not matter here. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;
