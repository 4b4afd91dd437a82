import {
  QUOTE,
  COMMA,
  COLON,
  BACKSLASH,
  OPEN_BRACKET,
  CLOSE_BRACKET,
  OPEN_BRACE,
  CLOSE_BRACE,
} from "./json-bytes.js";
/** Bytes of JSON to walk over without building values. The view reads four bytes at once. */
export class JsonBytes {
  readonly view: DataView;
  /** Number of escapes met so far. If it rises in a key, the key may be another spelling of a plain one. */
  escapes = 0;
  /** Number of keys met so far that are longer than {@link LONGEST_KEY_BYTES}. */
  longKeys = 0;

  constructor(readonly bytes: Buffer) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

/**
 * Finds the end of the value that starts at `start`; -1 if its structure is broken. Only structure is checked:
 * brackets, quotes, commas and colons. The content between them is checked where it is read. So Python's `NaN`, a bad
 * escape or a byte that is no UTF-8 makes one field unreadable and no other.
 */
export function findValueEnd(json: JsonBytes, start: number): number {
  const { bytes } = json;
  /** One bit for each level, 1 for a list. A further 1 above them marks the bottom. */
  let levels = BOTTOM;
  /** Outer levels that do not fit into these bits, if a value is nested very deep. */
  let below: number[] | null = null;
  let isKeyNext = false;
  let at = start;
  for (;;) {
    if (isKeyNext) {
      at = findKeyEnd(json, at);
      if (at < 0) return -1;
    }
    const first = bytes[at];
    if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      at = skipBlanks(bytes, at + 1);
      if (bytes[at] !== first + TO_CLOSING) {
        if (levels >= DEEPEST) {
          (below ??= []).push(levels);
          levels = BOTTOM;
        }
        isKeyNext = first === OPEN_BRACE;
        levels = (levels << 1) | (isKeyNext ? 0 : 1);
        continue;
      }
      at += 1;
    } else {
      at = first === QUOTE ? findStringEnd(json, at + 1) : findScalarEnd(bytes, at);
      if (at < 0) return -1;
    }
    for (;;) {
      if (levels === BOTTOM) {
        const next = below?.pop();
        if (next === undefined) return at;
        levels = next;
      }
      at = skipBlanks(bytes, at);
      const next = bytes[at];
      if (next === COMMA) break;
      if (next !== ((levels & 1) === 1 ? CLOSE_BRACKET : CLOSE_BRACE)) return -1;
      levels >>= 1;
      at += 1;
    }
    at = skipBlanks(bytes, at + 1);
    isKeyNext = (levels & 1) === 0;
  }
}

/** Finds the start of the value of the key at `at`; -1 if there is no key with a colon. */
export function findKeyEnd(json: JsonBytes, at: number): number {
  if (json.bytes[at] !== QUOTE) return -1;
  const end = findStringEnd(json, at + 1);
  if (end < 0) return -1;
  if (end - at - 2 > LONGEST_KEY_BYTES) json.longKeys += 1;
  const colon = skipBlanks(json.bytes, end);
  return json.bytes[colon] === COLON ? skipBlanks(json.bytes, colon + 1) : -1;
}

/**
 * Finds the position behind the closing quote of the string whose text starts at `start`; -1 if the string does not
 * end.
 */
export function findStringEnd(json: JsonBytes, start: number): number {
  const { bytes, view } = json;
  const lastWord = bytes.length - 4;
  let at = start;
  while (at <= lastWord) {
    const word = view.getInt32(at, true);
    // Sets the top bit of each byte that is a quote, a backslash or not ASCII. Only the lowest such bit is always
    // exact.
    const special = ((word ^ QUOTES) - ONES) | ((word ^ BACKSLASHES) - ONES);
    const flags = special & TOP_BITS;
    if (flags === 0) {
      at += 4;
      continue;
    }
    at += (31 - Math.clz32(flags & -flags)) >> 3;
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) {
      at += 2;
      json.escapes += 1;
    } else {
      at += 1;
    }
  }
  for (; at < bytes.length; at += 1) {
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] !== BACKSLASH) continue;
    at += 1;
    json.escapes += 1;
  }
  return -1;
}

/**
 * Finds the first position from `at` on that is no blank. VDSM writes one blank or none, so this is small enough to be
 * inlined.
 */
export function skipBlanks(bytes: Buffer, at: number): number {
  if ((bytes[at] ?? 0) > BLANK) return at;
  return (bytes[at + 1] ?? 0) > BLANK && bytes[at] === BLANK ? at + 1 : skipManyBlanks(bytes, at);
}

function skipManyBlanks(bytes: Buffer, start: number): number {
  let at = start;
  for (let byte = bytes[at]; byte !== undefined && byte <= BLANK; byte = bytes[at]) {
    if (byte !== BLANK && byte !== TAB && byte !== LINE_FEED && byte !== CARRIAGE_RETURN) return at;
    at += 1;
  }
  return at;
}

/** Finds the end of a number or a literal. Whoever reads it decides which of them it is. */
function findScalarEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (IS_SCALAR[bytes[at] ?? 0] === 1) at += 1;
  return at === start ? -1 : at;
}

/** No key of VDSM's has a tenth of it. */
const LONGEST_KEY_BYTES = 1_024;

const BOTTOM = 1;
const DEEPEST = 1 << 29;

const ONES = 0x01010101;
const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
const TOP_BITS = 0x80808080;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANK = 0x20;
/** From `{` to `}` and from `[` to `]`. */
const TO_CLOSING = 2;

/** 1 for each byte that a number or a literal may have. */
const IS_SCALAR = new Uint8Array(256);
for (const byte of Buffer.from("0123456789+-.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"))
  IS_SCALAR[byte] = 1;
