import { isRefusal } from "./live-connection.js";

/** What to do about a failure: try again, begin anew with the state, ask for a sign-in, or give up. */
export type Decision = "again" | "anew" | "refused" | "off";

/**
 * Decides what to do about a failure of a subscription. It gives up only if waiting cannot help. A server that starts,
 * is busy, or fails unexpectedly may work again in a moment.
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
  // Only the cursor differs from the question before, so the cursor is wrong.
  if (code === "BAD_USER_INPUT") return hasCursor ? "anew" : "off";
  if (readMember(extensions, "permanent") === true) return "off";
  return typeof code === "string" && HOPELESS.has(code) ? "off" : "again";
}

/** Codes that do not change by waiting: missing rights, and questions that this server never answers. */
const HOPELESS: ReadonlySet<string> = new Set([
  "FORBIDDEN",
  "DOCUMENT_NOT_TRUSTED",
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_NOT_SUPPORTED",
  "TOO_COSTLY",
  "TOO_DEEP",
]);

/** Close code: the viewer's rights have changed. */
const RIGHTS_CHANGED = 4_291;

function readMember(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
