/** Formats the parts of a cursor as text that only we need to understand. */
export function formatCursorText(parts: readonly unknown[]): string {
  return Buffer.from(JSON.stringify([VERSION, ...parts])).toString("base64url");
}

/** Parses the parts of a cursor; none if it is not a cursor that this version made. */
export function parseCursorText(cursor: string): readonly unknown[] {
  if (!/^[\w-]{1,4000}$/.test(cursor)) return [];
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (!Array.isArray(parsed)) return [];
    const [version, ...parts] = parsed as readonly unknown[];
    return version === VERSION ? parts : [];
  } catch {
    return [];
  }
}

/** Raised when cursors change, so that old ones are refused and not misread. */
const VERSION = 1;
