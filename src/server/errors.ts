import { GraphQLError, type GraphQLFormattedError } from "graphql";
import type { Logger } from "pino";

/**
 * A request that is answered with an HTTP status and a code instead of data. The message is for the client. Where it is
 * worth to ask again, the headers say when.
 */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.headers = { ...listRetryHeaders(status, code), ...headers };
  }
}

/** Lists the header that says after how many seconds it is worth to ask again; none where it never is. */
export function listRetryHeaders(status: number, code: string): Readonly<Record<string, string>> {
  const seconds = status === 503 || status === 429 ? RETRY_AFTER.get(code) : undefined;
  return seconds === undefined ? {} : { "retry-after": seconds };
}

const RETRY_AFTER: ReadonlyMap<string, string> = new Map([
  ["NOT_AVAILABLE", "5"],
  ["OVERLOADED", "1"],
  ["TOO_MANY_LISTS", "1"],
  ["TOO_MANY_CONNECTIONS", "1"],
]);

/** What an error needs to know of the request it happened in. */
export interface RequestScope {
  readonly requestId: string;
  readonly log: Logger;
  /** Messages of unforeseen errors that were logged already. One cause is one line, however many fields fail by it. */
  readonly logged: Set<string>;
}

/** Creates what errors need to know of a request that begins. */
export function createRequestScope(requestId: string, log: Logger): RequestScope {
  return { requestId, log, logged: new Set() };
}

/** The code of an error that nobody foresaw; only these are masked. */
export const INTERNAL = "INTERNAL_SERVER_ERROR";

/** The longest message. All of ours are shorter; it cuts a client's own input that is echoed back. */
const MAX_MESSAGE_LENGTH = 600;

/**
 * Turns an error into what the client may see. Foreseen errors stay; all others become an id to ask the operator about.
 */
export function formatError(
  formatted: GraphQLFormattedError,
  error: unknown,
  scope: RequestScope,
): GraphQLFormattedError {
  return nameRequest(formatErrorOfSome(formatted, error), scope);
}

/**
 * Does the same while the request is not known: Apollo formats errors without saying whose they are. {@link
 * nameRequest} adds the request later; until then the message says only that something failed.
 */
export function formatErrorOfSome(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const code = findCode(formatted);
  if (code !== INTERNAL) {
    const message = removeSuggestion(formatted.message).slice(0, MAX_MESSAGE_LENGTH);
    return { ...formatted, message, extensions: { ...formatted.extensions, code } };
  }
  const { locations, path } = formatted;
  const masked: GraphQLFormattedError = {
    message: "Internal error",
    ...(locations === undefined ? {} : { locations }),
    ...(path === undefined ? {} : { path }),
    extensions: { code: INTERNAL },
  };
  causes.set(masked, error instanceof GraphQLError ? (error.originalError ?? error) : error);
  return masked;
}

/** Logs what is behind a masked error, and names the request to ask the operator about; others stay as they are. */
export function nameRequest(error: GraphQLFormattedError, scope: RequestScope): GraphQLFormattedError {
  return causes.has(error) ? { ...error, message: formatInternalError(causes.get(error), scope) } : error;
}

/** The original errors of masked ones. */
const causes = new WeakMap<GraphQLFormattedError, unknown>();

/** Logs an error in full, and returns the message that shows only the request's id. */
export function formatInternalError(error: unknown, scope: RequestScope): string {
  logOnce(scope, error);
  return `Internal error (request ${scope.requestId})`;
}

/** The most lines of a request, in case each of its errors has a message of its own. */
const MAX_LOGGED = 20;

function logOnce({ log, requestId, logged }: RequestScope, error: unknown): void {
  const cause = String(error);
  if (logged.has(cause) || logged.size >= MAX_LOGGED) return;
  logged.add(cause);
  log.error({ err: error, requestId }, "internal error");
}

function findCode(formatted: GraphQLFormattedError): string {
  const code = formatted.extensions?.["code"];
  if (code === "GRAPHQL_PARSE_FAILED" && /tokens\. Parsing aborted/.test(formatted.message))
    return "TOO_MANY_TOKENS";
  // graphql-js stops after maxCoercionErrors with an error that Apollo does not recognise as the client's.
  if (/^Too many errors processing variables/.test(formatted.message)) return "BAD_USER_INPUT";
  return typeof code === "string" ? code : INTERNAL;
}

/** Removes graphql-js's suggestions, since they name fields and values that the client may not know of. */
function removeSuggestion(message: string): string {
  return message.replace(/ ?Did you mean [\s\S]*\?/, "");
}
