import { toPrintable } from "../model/printable.js";

/**
 * Formats an error as one printable line. Drivers report several failed addresses as one error without a message of its
 * own; their messages are joined then.
 */
export function formatError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(formatError).join("; ");
  const message = error instanceof Error ? error.message : String(error);
  return toPrintable(message).replaceAll(/\s+/g, " ");
}
