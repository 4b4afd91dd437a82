import { isRefusal } from "./live-connection.js";

/** What to do about a failure: try again, begin anew with the state, ask who it is, or give up. */
export type Decision = "again" | "anew" | "refused" | "off";

/**
 * Decides what to do about a failure of a subscription. It is given up only where waiting cannot help; a server that starts,
 * is busy, or fails in a way that nobody foresaw may be well again in a moment.
 */
export function decide(error: unknown, { hasCursor }: { readonly hasCursor: boolean }): Decision {
  const closeCode = readMember(error, "code");
  if (typeof closeCode === "number") {
    if (isRefusal(closeCode)) return "refused";
    return closeCode === RIGHTS_CHANGED ? "anew" : "again";
  }
  const errors = error instanceof Error ? error.cause : error;
  const extensions = readMember(Array.isArray(errors) ? errors[0] : null, "extensions");
  const code = readMember(extensions, "code");
  if (code === "UNAUTHENTICATED") return "refused";
  if (code === "CURSOR_LOST") return "anew";
  // The cursor is all that is another from one time to the next.
  if (code === "BAD_USER_INPUT") return hasCursor ? "anew" : "off";
  if (readMember(extensions, "permanent") === true) return "off";
  return typeof code === "string" && HOPELESS.has(code) ? "off" : "again";
}

/** Codes that stay what they are, however long one waits: rights, and questions that this server never answers. */
const HOPELESS: ReadonlySet<string> = new Set([
  "FORBIDDEN",
  "DOCUMENT_NOT_TRUSTED",
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_NOT_SUPPORTED",
  "TOO_COSTLY",
  "TOO_DEEP",
]);

/** What the viewer may see is another now. */
const RIGHTS_CHANGED = 4_291;

function readMember(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
