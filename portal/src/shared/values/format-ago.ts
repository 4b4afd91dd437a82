/** Formats a difference in milliseconds in the largest unit that fits, in the reader's language. */
export function formatAgo(differenceMs: number, locale?: string): string {
  const format = findFormat(locale);
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

const formats = new Map<string | undefined, Intl.RelativeTimeFormat>();

/** Finds the format of a language. Creating one takes longer than using it, so it is kept. */
function findFormat(locale: string | undefined): Intl.RelativeTimeFormat {
  const format = formats.get(locale) ?? new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  formats.set(locale, format);
  return format;
}
