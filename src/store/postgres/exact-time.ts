/**
 * Rounds a time with microseconds, as the log's rows are read, up to milliseconds since 1970. The ends of all time become
 * infinities.
 */
export function roundUpToMs(exactAt: string): number {
  if (exactAt === "infinity") return Infinity;
  if (exactAt === "-infinity") return -Infinity;
  const [, cut, rest = "0"] = /^(.*\.\d{3})(\d{3})Z$/.exec(exactAt) ?? [];
  return Date.parse(cut === undefined ? exactAt : `${cut}Z`) + (Number(rest) > 0 ? 1 : 0);
}

/** Builds the same for a time in SQL. */
export function roundUpTime(expression: string): string {
  return `date_trunc('milliseconds', ${expression} + interval '999 microseconds')`;
}

/** Builds the text of a time in SQL, with microseconds. */
export function formatExactTime(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
