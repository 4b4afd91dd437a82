import type { ReadStore } from "../../store/types.js";
import { wrapReads } from "./wrap-reads.js";

/** PostgreSQL ended a statement before it was done: at its limit of time, or because an operator asked for that. */
class StatementTimeoutError extends Error {
  override readonly name = "StatementTimeoutError";
  /** To a client it is the same as a request's own deadline; the graph and HTTP read it from here. */
  readonly extensions = { code: "DEADLINE_EXCEEDED", http: { status: 504 } };

  constructor(cause: Error) {
    super("The database took too long and was stopped. Ask for less at once.", { cause });
  }
}

/**
 * Returns the same reads, none of which begins once the request's time is up: `throwIfExpired` then throws. A statement
 * that the database stopped is reported as a deadline too, and not as a failure that nobody foresaw.
 */
export function withDeadline(store: ReadStore, throwIfExpired: () => void): ReadStore {
  return wrapReads(store, async (read) => {
    throwIfExpired();
    try {
      return await read();
    } catch (error) {
      throw isStatementTimeout(error) ? new StatementTimeoutError(error) : error;
    }
  });
}

function isStatementTimeout(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === QUERY_CANCELED;
}

/** PostgreSQL's SQLSTATE for a statement that was stopped. */
const QUERY_CANCELED = "57014";
