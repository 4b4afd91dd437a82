/**
 * Errors of the database. Their messages are for clients: they say what a client can do, and name no address, role or
 * statement. The `cause` is the driver's error, for the log.
 */

/** The database is unreachable, or refuses. An operator has to repair the reason, or it ends by itself. */
export class DatabaseUnavailableError extends Error {
  override readonly name = "DatabaseUnavailableError";
  /** Used by the graph and by HTTP. */
  readonly extensions = {
    code: "NOT_AVAILABLE",
    http: { status: 503 },
  };
  readonly status = 503;
  readonly headers: Readonly<Record<string, string>> = { "retry-after": "5" };
  /** What is wrong, in words, such as `is locked by somebody else`. */
  readonly condition: string;

  constructor(
    readonly reason: UnavailableReason,
    cause: unknown,
  ) {
    super(`The database ${REASONS[reason]}. Ask again in a few seconds.`, { cause });
    this.condition = REASONS[reason];
  }
}

/** All connections of a share were in use, and none became free in time. */
export class DatabaseOverloadedError extends Error {
  override readonly name = "DatabaseOverloadedError";
  readonly extensions = { code: "OVERLOADED", http: { status: 503 } };
  readonly status = 503;
  readonly headers: Readonly<Record<string, string>> = { "retry-after": "1" };

  constructor() {
    super("Too many requests wait for the database. Ask again in a moment.");
  }
}

/** PostgreSQL ended a statement before it was done: at its time limit, or because an operator cancelled it. */
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
  missing: "lacks or hides something that the gateway needs",
  conflict: "stopped this in favour of other work",
  changed: "was changed just now",
  pooled: "is behind a pooler that allows no transactions",
} as const;

/** Converts a driver's error into one of the errors above. Returns any other error as it is. */
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

/** Converts the error of a statement that a database refuses although it answers; `null` for any other error. */
export function findRefusal(error: unknown): DatabaseUnavailableError | null {
  const known = toDatabaseError(error);
  return known instanceof DatabaseUnavailableError && LASTING.has(known.reason) ? known : null;
}

/** Returns `true` if nothing can be written at the moment, as on a standby. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof DatabaseUnavailableError && error.reason === "readOnly";
}

/** What does not end with the next statement or connection, and may refuse a read. */
const LASTING: ReadonlySet<UnavailableReason> = new Set(["full", "locked", "rights", "missing"]);

/**
 * Returns `true` if a statement failed for its content or for the rows that it met: bad data, a constraint, a row that was
 * given twice, a deadlock, a lock that did not become free, or a limit of time or size. Its transaction is then rolled
 * back, so that each of several passes in it may be tried alone. After any other failure, such as a lost connection, the
 * commit may have happened.
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

/** Finds the routine of the server that reported an error, which is the same in all languages of its messages; `null`: none is known. */
export function findRoutine(error: unknown): string | null {
  for (let each = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth += 1) {
    if ("routine" in each && typeof each.routine === "string") return each.routine;
  }
  return null;
}

/**
 * Returns `true` if a migration changed the columns of a plan that a connection keeps. The next transaction plans anew. Its code
 * is that of all that a server lacks, so the server's routine tells.
 */
function isOutdatedPlan(error: unknown): boolean {
  return findRoutine(error) === "RevalidateCachedQuery";
}

/** PostgreSQL's code: a lock was not obtained within `lock_timeout`. */
export const LOCK_NOT_AVAILABLE = "55P03";

/** PostgreSQL's code: two transactions waited for each other, and this one was ended. */
export const DEADLOCK = "40P01";

/** Formats the driver's message of a failure in one line, for the operator. Clients get the error's own message. */
export function formatDatabaseError(error: unknown): string {
  if (error instanceof DatabaseUnavailableError || error instanceof StatementTimeoutError) {
    return formatDatabaseError(error.cause);
  }
  // A driver reports several failed addresses as one error without a message.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(formatDatabaseError))].join("; ");
  }
  const message = error instanceof Error ? error.message : String(error);
  const hint = STATEMENT_POOLING.test(message) ? `; ${POOL_MODE_HINT}` : "";
  return message.replaceAll(/\s+/g, " ").trim() + hint;
}

/** PgBouncer's message where each statement gets another session. Its code is that of a lost connection. */
export const STATEMENT_POOLING = /statement pooling mode/;
/** PgBouncer's messages where it takes no further client. Their code is that of a lost connection. */
const POOLER_FULL = /no more connections allowed|client connections exceeded/;
const POOL_MODE_HINT = "set PgBouncer's pool_mode to transaction or session: a gateway needs transactions";

function findUnavailableReason(error: unknown): UnavailableReason | null {
  // Several tries to connect failed: of each server, with and without TLS.
  if (error instanceof AggregateError) {
    return error.errors.some((each) => findUnavailableReason(each) === "connections") ? "connections" : null;
  }
  const state = findSqlState(error);
  if (state !== null) {
    if (error instanceof Error && STATEMENT_POOLING.test(error.message)) return "pooled";
    if (error instanceof Error && POOLER_FULL.test(error.message)) return "connections";
    if (isOutdatedPlan(error)) return "changed";
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
  // Without USAGE on a schema, its tables look as if they did not exist. A function that does not exist is our mistake.
  { states: /^3F000$|^42P01$|^42703$/, reason: "missing" },
  // A deadlock, or a standby that had to replay what a statement was reading.
  { states: /^40...$/, reason: "conflict" },
  { states: /^08...$|^57P..$|^25P03$|^25P04$/, reason: "away" },
];

/**
 * Messages of `pg` and of sockets about a lost connection, and of TypeORM, which releases a connection that ends between two
 * statements. These errors have no SQLSTATE.
 */
const LOST_CONNECTION =
  /Connection terminated|connection error and is not queryable|said nothing for|timeout expired|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|socket hang up|Client was closed|Query runner already released/;

const QUERY_CANCELED = "57014";
