/** The words of an error in one line: drivers report several failed addresses as one error without words of its own. */
export function formatError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(formatError).join("; ");
  const words = error instanceof Error ? error.message : String(error);
  return words.replaceAll(/\s+/g, " ").trim();
}
