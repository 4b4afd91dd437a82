/** Tells whether a parsed value is a JSON object. Only keys that are known by name are ever read from one. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a text, or a number or boolean as text; `null` for anything else, and for the empty text. */
export function readScalar(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}
