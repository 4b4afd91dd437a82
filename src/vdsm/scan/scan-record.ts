import { COMMA, OPEN_BRACE, CLOSE_BRACE } from "../json/json-bytes.js";
import { parseTolerantJson } from "../json/tolerant-json.js";
import { findKeyEnd, findStringEnd, findValueEnd, JsonBytes, skipBlanks } from "../json/json-walk.js";
import type { ReportedVm } from "../records/types.js";

/** The parts of VM records that we read, each as JSON. They are in one buffer, which is used again for the next answer. */
export class RecordParts {
  /** The end of each record's part. */
  readonly ends: number[] = [];
  /** What is said of damaged records, by position. It is not read from the parts, where a host could have written it. */
  private readonly notes = new Map<number, string>();
  private bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private filled = 0;
  /** The byte to write before the next member. */
  private separator = OPEN_BRACE;

  /** Returns all parts so far. They are valid until the next `clear` or `add`. */
  get all(): Buffer {
    return this.bytes.subarray(0, this.filled);
  }

  /** Returns the part of the record at this position. */
  getPart(position: number): Buffer {
    return this.bytes.subarray(position === 0 ? 0 : this.ends[position - 1], this.ends[position]);
  }

  /** Returns what is said of the record at this position, such as `is no object`; `null`: it is whole. */
  getDamage(position: number): string | null {
    return this.notes.get(position) ?? null;
  }

  clear(): void {
    this.ends.length = 0;
    this.notes.clear();
    this.filled = 0;
    if (this.bytes.length > MOST_BYTES_KEPT) this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  /**
   * Copies the members that we read of the record at `start`, and returns the record's end. They are copied byte by
   * byte, repeated ones too, so that equal parts always give equal VMs, whatever else is in the record. If the record's
   * structure breaks, the part gets the members before that and a note, and -1 is returned.
   */
  add(json: JsonBytes, start: number): number {
    const { bytes } = json;
    this.separator = OPEN_BRACE;
    let at = skipBlanks(bytes, start + 1);
    if (bytes[at] !== CLOSE_BRACE) {
      for (;;) {
        const key = at;
        const escapesBefore = json.escapes;
        const value = findKeyEnd(json, key);
        if (value < 0) return this.closeDamaged(key - start);
        const isRead = json.escapes !== escapesBefore || isReadKey(bytes, key);
        at = findValueEnd(json, value);
        if (at < 0) return this.closeDamaged(key - start);
        if (isRead) this.copy(bytes, key, at);
        at = skipBlanks(bytes, at);
        if (bytes[at] !== COMMA) break;
        at = skipBlanks(bytes, at + 1);
      }
    }
    if (bytes[at] !== CLOSE_BRACE) return this.closeDamaged(at - start);
    this.close();
    return at + 1;
  }

  /** Notes damage where a record should be. The note is what is said of the record, such as `is no object`. */
  addDamage(note: string): void {
    this.separator = OPEN_BRACE;
    this.closeWith(note);
  }

  /** Notes that the last record continues behind its end, where it cannot be read. */
  markLastDamaged(): void {
    const start = this.ends.at(-2) ?? 0;
    this.ends.pop();
    this.filled -= 1;
    this.separator = this.filled === start + 1 ? OPEN_BRACE : COMMA;
    if (this.separator === OPEN_BRACE) this.filled = start;
    this.closeWith("ends where more of it follows");
  }

  removeLast(): void {
    this.ends.pop();
    this.notes.delete(this.ends.length);
    this.filled = this.ends.at(-1) ?? 0;
  }

  private closeDamaged(offset: number): -1 {
    this.closeWith(`is not JSON from its byte ${offset} on`);
    return -1;
  }

  /** Keeps the note, and writes it into the part too, so that the part differs from that of a whole record. */
  private closeWith(note: string): void {
    this.notes.set(this.ends.length, note);
    const member = Buffer.from(`${JSON.stringify(DAMAGE_KEY)}: ${JSON.stringify(note)}`);
    this.copy(member, 0, member.length);
    this.close();
  }

  private copy(from: Buffer, start: number, end: number): void {
    this.makeRoom(end - start + 3);
    const { bytes } = this;
    bytes[this.filled] = this.separator;
    this.separator = COMMA;
    this.filled += 1;
    if (end - start > SHORT) from.copy(bytes, this.filled, start, end);
    else for (let at = start, to = this.filled; at < end; at += 1, to += 1) bytes[to] = from[at] ?? 0;
    this.filled += end - start;
  }

  private close(): void {
    this.makeRoom(2);
    if (this.separator === OPEN_BRACE) this.bytes[this.filled++] = OPEN_BRACE;
    this.bytes[this.filled++] = CLOSE_BRACE;
    this.ends.push(this.filled);
  }

  private makeRoom(bytes: number): void {
    if (this.filled + bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, this.filled + bytes));
    this.bytes.copy(larger, 0, 0, this.filled);
    this.bytes = larger;
  }
}

/**
 * Drops the members of a part that are larger than `most` bytes. Returns the rest, and the keys of what was dropped, if they are
 * read; `null`: there are more members than in any real record.
 */
export function dropLargeMembers(part: Buffer, most: number): { part: Buffer; dropped: string[] } | null {
  const json = new JsonBytes(part);
  const kept = Buffer.allocUnsafe(part.length);
  const dropped: string[] = [];
  let filled = 0;
  /** The comma before the first of the members that are kept and not copied; the brace before the very first one. */
  let from = 0;
  let members = 0;
  for (let at = 1; at < part.length - 1;) {
    const value = findKeyEnd(json, at);
    const end = findValueEnd(json, value);
    members += 1;
    if (members > MOST_MEMBERS) return null;
    if (end - at > most) {
      filled += part.copy(kept, filled, from, at - 1);
      from = end;
      if (dropped.length < MOST_NAMED) {
        const key = String(parseTolerantJson(part.subarray(at, findStringEnd(json, at + 1))));
        if (Object.hasOwn(READ_KEYS, key)) dropped.push(key);
      }
    }
    at = end + 1;
  }
  filled += part.copy(kept, filled, from);
  // Before the first member that is kept stands a comma, if others were dropped before it.
  kept[0] = OPEN_BRACE;
  return { part: filled === 1 ? EMPTY : kept.subarray(0, filled), dropped };
}

/** A part has the members that are read, some ten, and those whose keys have escapes. */
const MOST_MEMBERS = 10_000;

/** The most dropped fields that are named. A real record has each field once. */
const MOST_NAMED = 8;

const EMPTY = Buffer.of(OPEN_BRACE, CLOSE_BRACE);

/** Tells whether the key in quotes at `at` is one that {@link ReportedVm} has. */
function isReadKey(bytes: Buffer, at: number): boolean {
  const candidates = KEYS_BY_FIRST_BYTE[bytes[at + 1] ?? 0];
  if (candidates === undefined) return false;
  for (const key of candidates) if (isAt(bytes, at, key)) return true;
  return false;
}

function isAt(bytes: Buffer, at: number, key: Buffer): boolean {
  for (let index = 2; index < key.length; index += 1) {
    if (bytes[at + index] !== key[index]) return false;
  }
  return true;
}

/** The keys that are read. They are tied to the type, so that a field that is read but not compared does not compile. */
const READ_KEYS: Readonly<Record<Exclude<keyof ReportedVm, "problems">, true>> = {
  vmId: true,
  vmName: true,
  status: true,
  pauseCode: true,
  monitorResponse: true,
  hash: true,
  exitReason: true,
  netIfaces: true,
  guestIPs: true,
  guestFQDN: true,
};

const KEYS_BY_FIRST_BYTE: (Buffer[] | undefined)[] = Array.from({ length: 256 });
for (const key of Object.keys(READ_KEYS)) {
  (KEYS_BY_FIRST_BYTE[key.charCodeAt(0)] ??= []).push(Buffer.from(`"${key}"`));
}

/** The key of the note in a part. It is none that is read. */
const DAMAGE_KEY = "vnic-graph: damage";

/** The longest copy for which a loop is faster than a call. */
const SHORT = 100;
const FIRST_BYTES = 65_536;
/** The most memory that is kept: enough for several thousand VMs. After a larger answer it is released. */
const MOST_BYTES_KEPT = 4_194_304;
