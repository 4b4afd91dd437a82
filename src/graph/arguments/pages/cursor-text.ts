/** Formats the parts of a cursor as a text that only this server reads. */
export function formatCursorText(parts: readonly unknown[]): string {
  return Buffer.from(JSON.stringify([VERSION, ...parts])).toString("base64url");
}

/** Parses the parts of a cursor. Returns none if this version did not make the cursor. */
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

/** The version of cursors. Raise it if their form changes, so that old ones are refused instead of misread. */
const VERSION = 1;
