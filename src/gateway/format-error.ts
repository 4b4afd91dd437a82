import { toPrintable } from "../model/printable.js";
import { formatDatabaseError } from "../store/postgres/errors.js";

/**
 * Formats an error as one printable line for the operator. Of a database's failure it is the driver's message. If a
 * driver reports several failed addresses as one error without a message, their messages are joined.
 */
export function formatError(error: unknown): string {
  return toPrintable(formatDatabaseError(error)).replaceAll(/\s+/g, " ");
}
