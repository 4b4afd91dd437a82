import { toPrintable } from "../../model/printable.js";

/** A field of a VM's record that could not be read completely. */
export interface RecordProblem {
  /** Where it is, such as `vmName` or `inet of netIfaces["eth0"]`. */
  readonly field: string;
  readonly reason: string;
}

/** Collects the problems of one record while it is read. All readable fields are read nevertheless. */
export class ProblemList {
  readonly list: RecordProblem[];

  constructor(
    found: readonly RecordProblem[] = [],
    private readonly most = MAX_PROBLEMS,
  ) {
    this.list = [...found];
  }

  add(field: string, reason: string): void {
    // Twenty problems are enough to know; a guest may send ten thousand.
    if (this.list.length >= this.most) return;
    if (!this.list.some((known) => known.field === field && known.reason === reason))
      this.list.push({ field, reason });
  }
}

/** Quotes what a guest or host wrote, for a message: printable and short. */
export function quoteText(text: string): string {
  const short = toPrintable(text.slice(0, 2 * MAX_QUOTED));
  return `"${short.length > MAX_QUOTED ? `${short.slice(0, MAX_QUOTED)}…` : short}"`;
}

/** Reads a text, or a number or boolean as text; `null` if there is none, or it cannot be read. */
export function readText(
  value: unknown,
  field: string,
  problems: ProblemList,
  longest = MAX_TEXT,
): string | null {
  const text = readAnyText(value, field, problems);
  if (text === null) return null;
  if (text.length > longest) {
    problems.add(field, `has ${text.length} characters, more than ${longest}`);
    return null;
  }
  const bytes = longest === MAX_TEXT ? Buffer.byteLength(text) : 0;
  if (bytes <= MAX_BYTES) return text;
  problems.add(field, `has ${bytes} bytes, more than ${MAX_BYTES}`);
  return null;
}

/** Reads a name in the same way. A name that is too long is cut, since its beginning still identifies. */
export function readName(
  value: unknown,
  field: string,
  problems: ProblemList,
  longest = MAX_TEXT,
): string | null {
  const text = readAnyText(value, field, problems);
  if (text === null) return null;
  const kept = cutText(text, longest);
  if (kept.length < text.length) {
    problems.add(
      field,
      `has ${countCharacters(text)} characters; the first ${countCharacters(kept)} are kept`,
    );
  }
  return kept;
}

/** Cuts a text to what may be stored, between two characters. */
function cutText(text: string, longest: number): string {
  if (text.length <= longest && Buffer.byteLength(text) <= MAX_BYTES) return text;
  let [end, bytes, count] = [0, 0, 0];
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    count += 1;
    if (bytes > MAX_BYTES || count > longest) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** Counts characters as PostgreSQL does: those outside of the BMP once. */
function countCharacters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

function readAnyText(value: unknown, field: string, problems: ProblemList): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)))
    return String(value);
  problems.add(field, "is no text");
  return null;
}

/**
 * Reads a whole number that fits an integer column, or a text of one. Returns `null` for anything else, without a
 * problem, because such fields are only explanations.
 */
export function readInteger(value: unknown): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) && Math.abs(number) <= MAX_INTEGER
    ? number
    : null;
}

/** Reads a list, which is empty if it is absent; `null` if the value is no list. */
export function readList(value: unknown, field: string, problems: ProblemList): readonly unknown[] | null {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value as readonly unknown[];
  problems.add(field, "is no list");
  return null;
}

const MAX_TEXT = 1_024;

/**
 * The most bytes of a name. An index of PostgreSQL holds 2,704 bytes a row, and letters may take half as much again in
 * lower case.
 */
const MAX_BYTES = 1_600;

/** The longest quotation: a message shows each address completely. */
const MAX_QUOTED = 45;

/** The most problems of a record, or of one of its interfaces: more than anybody reads. */
export const MAX_PROBLEMS = 20;

/** The largest integer. PostgreSQL refuses a larger one, and all other data of the host with it. */
const MAX_INTEGER = 2_147_483_647;
