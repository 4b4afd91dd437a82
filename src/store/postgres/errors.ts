/**
 * Errors of the database, with messages that say what a client can do. The messages are for clients: they name no
 * address, role or statement. The `cause` is what the driver said, for the log.
 */

/** The database is unreachable, or refuses for a reason that an operator has to mend or that ends by itself. */
export class DatabaseUnavailableError extends Error {
  override readonly name = "DatabaseUnavailableError";
  /** Read by the graph and by HTTP. */
  readonly extensions = {
    code: "NOT_AVAILABLE",
    http: { status: 503 },
  };
  readonly status = 503;
  readonly headers: Readonly<Record<string, string>> = { "retry-after": "5" };

  constructor(
    readonly reason: UnavailableReason,
    cause: unknown,
  ) {
    super(`The database ${REASONS[reason]}. Ask again in a few seconds.`, { cause });
  }
}

/** All connections of a share are in use, and none came back in time. */
export class DatabaseOverloadedError extends Error {
  override readonly name = "DatabaseOverloadedError";
  readonly extensions = { code: "OVERLOADED", http: { status: 503 } };
  readonly status = 503;
  readonly headers: Readonly<Record<string, string>> = { "retry-after": "1" };

  constructor() {
    super("Too many requests wait for the database. Ask again in a moment.");
  }
}

/** PostgreSQL ended a statement before it was done: at its limit of time, or because an operator asked for that. */
export class StatementTimeoutError extends Error {
  override readonly name = "StatementTimeoutError";
  /** To a client it is the same as a request's own deadline. */
  readonly extensions = { code: "DEADLINE_EXCEEDED", http: { status: 504 } };
  readonly status = 504;

  constructor(cause: unknown) {
    super("The database took too long and was stopped. Ask for less at once.", { cause });
  }
}

/** Why a database is not available. */
export type UnavailableReason = keyof typeof REASONS;

const REASONS = {
  away: "does not answer",
  connections: "takes no more connections",
  full: "has no space or memory left",
  readOnly: "cannot be written at the moment",
  locked: "is locked by somebody else",
  rights: "does not let the gateway do this",
} as const;

/** Turns what a driver threw into one of the errors above; anything else is returned as it is. */
export function toDatabaseError(error: unknown): unknown {
  if (
    error instanceof DatabaseUnavailableError ||
    error instanceof DatabaseOverloadedError ||
    error instanceof StatementTimeoutError
  ) {
    return error;
  }
  if (findSqlState(error) === QUERY_CANCELED) return new StatementTimeoutError(error);
  const reason = findUnavailableReason(error);
  return reason === null ? error : new DatabaseUnavailableError(reason, error);
}

/**
 * Returns `true` if PostgreSQL refused a statement for its content, or for what it met. These are bad data, a
 * constraint, one row meant twice, a deadlock, a lock that did not come free, and a limit of time or size. All of its
 * transaction is undone then, and of several passes that were written together each may be tried by itself. Any other
 * failure, such as a lost connection, may have come after the commit.
 */
export function isStatementsOwnFailure(error: unknown): boolean {
  return /^(?:21|22|23|40|54)...$|^55P03$|^57014$/.test(findSqlState(error) ?? "");
}

/** Finds PostgreSQL's code of an error, however deep it is wrapped; `null`: the error is not PostgreSQL's. */
export function findSqlState(error: unknown): string | null {
  for (let each = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth += 1) {
    if ("code" in each && typeof each.code === "string" && /^[0-9A-Z]{5}$/.test(each.code)) return each.code;
  }
  return null;
}

/** Formats what the driver said of a failure, in one line for the operator. Clients get the error's own message. */
export function formatDatabaseError(error: unknown): string {
  if (error instanceof DatabaseUnavailableError || error instanceof StatementTimeoutError) {
    return formatDatabaseError(error.cause);
  }
  // Drivers report several failed addresses as one error without words of its own.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(formatDatabaseError))].join("; ");
  }
  const words = error instanceof Error ? error.message : String(error);
  return words.replaceAll(/\s+/g, " ").trim();
}

function findUnavailableReason(error: unknown): UnavailableReason | null {
  const state = findSqlState(error);
  if (state !== null) {
    return REASON_OF_STATE.find(({ states }) => states.test(state))?.reason ?? null;
  }
  return error instanceof Error && LOST_CONNECTION.test(error.message) ? "away" : null;
}

const REASON_OF_STATE: readonly { readonly states: RegExp; readonly reason: UnavailableReason }[] = [
  { states: /^53300$/, reason: "connections" },
  { states: /^53...$|^58030$/, reason: "full" },
  { states: /^25006$/, reason: "readOnly" },
  { states: /^55P03$/, reason: "locked" },
  { states: /^42501$|^28...$/, reason: "rights" },
  { states: /^08...$|^57P..$|^25P03$/, reason: "away" },
];

/** What `pg` and sockets say of a connection that is no more; they have no code of PostgreSQL's. */
const LOST_CONNECTION =
  /Connection terminated|connection error and is not queryable|said nothing for|timeout expired|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|socket hang up|Client was closed/;

const QUERY_CANCELED = "57014";
