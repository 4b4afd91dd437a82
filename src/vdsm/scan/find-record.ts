import { COMMA, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE } from "../json/json-bytes.js";
import { isUuid } from "../../model/uuid.js";
import { findKeyEnd, findValueEnd, JsonBytes, skipBlanks } from "../json/json-walk.js";

/** The number of bytes that the searches in one answer may still read. */
export interface SearchBudget {
  bytes: number;
}

/**
 * Finds the next record of a VM, in an answer whose structure is broken at `from`. Returns -1 if there is none, or if
 * the search would take too long.
 */
export function findNextRecord({ bytes }: JsonBytes, from: number, budget: SearchBudget): number {
  for (let at = bytes.indexOf(OPEN_BRACE, from); at >= 0; at = bytes.indexOf(OPEN_BRACE, at + 1)) {
    if (!isAfterSeparator(bytes, at)) continue;
    // The window bounds each attempt; records are smaller than it.
    const window = new JsonBytes(bytes.subarray(at, at + WINDOW_BYTES));
    const end = findRecord(window, budget);
    if (end === "broken" || (end >= 0 && isFollowedByRecords(window, end, budget))) return at;
    if (budget.bytes <= 0) return -1;
  }
  return -1;
}

/** Finds the end of the record at the window's start. `broken`: it has a VM's id and breaks later. -1: it is no record. */
function findRecord(window: JsonBytes, budget: SearchBudget): number | "broken" {
  const { bytes } = window;
  let isNamed = false;
  for (let at = skipBlanks(bytes, 1); ; at = skipBlanks(bytes, at + 1)) {
    const value = findKeyEnd(window, at);
    const end = value < 0 ? -1 : findValueEnd(window, value);
    if (end < 0) {
      budget.bytes -= bytes.length;
      return isNamed ? "broken" : -1;
    }
    if (bytes.compare(VM_ID_KEY, 0, VM_ID_KEY.length, at, at + VM_ID_KEY.length) === 0) {
      isNamed = isUuid(bytes.toString("latin1", value + 1, end - 1));
    }
    at = skipBlanks(bytes, end);
    if (bytes[at] === COMMA) continue;
    budget.bytes -= at;
    if (bytes[at] !== CLOSE_BRACE) return isNamed ? "broken" : -1;
    return isNamed ? at + 1 : -1;
  }
}

/**
 * Tells a record from an object inside a record that looks like one: the list of such objects ends, and its record
 * continues. Guests choose keys in `netIfaces`, and must not be able to fake another VM.
 */
function isFollowedByRecords(window: JsonBytes, end: number, budget: SearchBudget): boolean {
  const { bytes } = window;
  let at = skipBlanks(bytes, end);
  for (let seen = 0; seen < LOOKAHEAD && bytes[at] === COMMA; seen += 1) {
    const next = skipBlanks(bytes, at + 1);
    // What follows is another member of a record, or the end of the window.
    if (bytes[next] !== OPEN_BRACE) return next >= bytes.length;
    const nextEnd = findValueEnd(window, next);
    budget.bytes -= (nextEnd < 0 ? bytes.length : nextEnd) - next;
    if (nextEnd < 0) return true;
    at = skipBlanks(bytes, nextEnd);
  }
  if (bytes[at] !== CLOSE_BRACKET) return true;
  const after = skipBlanks(bytes, at + 1);
  return bytes[after] === CLOSE_BRACE && skipBlanks(bytes, after + 1) >= bytes.length;
}

function isAfterSeparator(bytes: Buffer, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (bytes[before] ?? 0) <= BLANK) before -= 1;
  return bytes[before] === COMMA || bytes[before] === OPEN_BRACKET || bytes[before] === CLOSE_BRACE;
}

const VM_ID_KEY = Buffer.from('"vmId"');

const WINDOW_BYTES = 262_144;

/** The number of objects behind a candidate that are checked. A list of more that all have VM ids is the host's. */
const LOOKAHEAD = 16;

const BLANK = 0x20;
