/** Writes a difference in milliseconds in the largest unit that fits, in the reader's language. */
export function formatAgo(differenceMs: number, locale?: string): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const seconds = Math.min(0, Math.round(differenceMs / 1_000));
  const [unit, size] = UNITS.find(([, least]) => -seconds >= least) ??
    UNITS[UNITS.length - 1] ?? ["second", 1];
  return format.format(Math.trunc(seconds / size), unit);
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
