import { toPrintable } from "../model/printable.js";
import { formatDatabaseError } from "../store/postgres/errors.js";

/**
 * Formats an error as one printable line, for the operator. Of a database's failure it is what the driver said; drivers
 * report several failed addresses as one error without a message of its own, and those messages are joined then.
 */
export function formatError(error: unknown): string {
  return toPrintable(formatDatabaseError(error)).replaceAll(/\s+/g, " ");
}
