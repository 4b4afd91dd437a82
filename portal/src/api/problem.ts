import type { CombinedError } from "@urql/core";

/** A failure of a request, described for people. */
export interface Problem {
  /**
   * `sign-in`: the server requires a sign-in. `offline`: no answer came. `outdated`: the server does not know this
   * page's operation, because it has another build. `input`: what is asked for cannot be, such as an id that is none.
   */
  readonly kind: "sign-in" | "forbidden" | "offline" | "outdated" | "input" | "other";
  readonly message: string;
  /** `true` if it may be over in a moment, so that asking again makes sense. */
  readonly passes: boolean;
}

/** Describes an error for the reader; `null` if there is none. */
export function readProblem(error: CombinedError | undefined): Problem | null {
  if (error === undefined) return null;
  const response: unknown = error.response;
  const status = response instanceof Response ? response.status : null;
  const extensions = error.graphQLErrors[0]?.extensions ?? {};
  const code = extensions["code"];
  const message = error.graphQLErrors[0]?.message ?? error.networkError?.message ?? error.message;
  if (status === 401 || code === "UNAUTHENTICATED") {
    const text = "This server wants to know who asks. Sign in with a token.";
    return { kind: "sign-in", message: text, passes: false };
  }
  if (typeof code === "string" && UNKNOWN_OPERATION.has(code)) {
    const text = "The server has another version of this page.";
    return { kind: "outdated", message: text, passes: true };
  }
  if (status === 403 || code === "FORBIDDEN") return { kind: "forbidden", message, passes: false };
  if (code === "BAD_USER_INPUT") return { kind: "input", message, passes: false };
  if (status === null && error.networkError !== undefined) {
    const text = "The server does not answer. The page shows what it said last.";
    return { kind: "offline", message: text, passes: true };
  }
  // A proxy answers 502 or 504 while its gateway is away; the gateway itself answers 503.
  const isAway = status !== null && [502, 503, 504].includes(status);
  const passes = extensions["permanent"] !== true && (isAway || PASSING_CODES.has(String(code)));
  return { kind: "other", message, passes };
}

const PASSING_CODES: ReadonlySet<string> = new Set(["NOT_AVAILABLE", "OVERLOADED"]);

const UNKNOWN_OPERATION: ReadonlySet<string> = new Set([
  ...["DOCUMENT_NOT_TRUSTED", "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_SUPPORTED"],
]);
