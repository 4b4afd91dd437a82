/**
 * Bytes of JSON to be walked over without building anything. Only ASCII may be walked: whoever makes one has looked.
 * The view reads four bytes at once, and stays inside the bytes because every string of a document ends before `}`.
 */
export class JsonBytes {
  readonly view: DataView;
  /** Escapes met so far; a key during which this rises may be another spelling of a plain one. */
  escapes = 0;

  constructor(readonly bytes: Buffer) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

/**
 * Where the value that starts at `at` ends, or -1 if it is not JSON by the letter (RFC 8259, as `JSON.parse` has it), so
 * that skipping accepts nothing that parsing would refuse. Also -1 for values nested deeper than anything VDSM sends.
 */
export function findValueEnd(json: JsonBytes, start: number): number {
  const { bytes } = json;
  /** One bit a level, 1 for a list, under a 1 that marks the bottom. */
  let levels = BOTTOM;
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
        if (levels >= DEEPEST) return -1;
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
      if (levels === BOTTOM) return at;
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

/** Where the value of the key that starts at `at` begins, or -1 if there is no key and colon. */
export function findKeyEnd(json: JsonBytes, at: number): number {
  if (json.bytes[at] !== QUOTE) return -1;
  const end = findStringEnd(json, at + 1);
  if (end < 0) return -1;
  const colon = skipBlanks(json.bytes, end);
  return json.bytes[colon] === COLON ? skipBlanks(json.bytes, colon + 1) : -1;
}

/** What follows the closing quote of the string whose text starts at `at`; -1 if it does not end or is not JSON. */
export function findStringEnd(json: JsonBytes, start: number): number {
  const { bytes, view } = json;
  const lastWord = bytes.length - 4;
  let at = start;
  while (at <= lastWord) {
    const word = view.getInt32(at, true);
    // A byte's top bit rises if it is below a blank, a quote or a backslash; of several, the lowest is always true.
    const special = (word - BLANKS) | ((word ^ QUOTES) - ONES) | ((word ^ BACKSLASHES) - ONES);
    const flags = special & TOP_BITS;
    if (flags === 0) {
      at += 4;
      continue;
    }
    at += (31 - Math.clz32(flags & -flags)) >> 3;
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte !== BACKSLASH) return -1;
    at = findEscapeEnd(bytes, at + 1);
    if (at < 0) return -1;
    json.escapes += 1;
  }
  return -1;
}

/** The first place from `at` on that is no blank. VDSM writes one blank or none: small enough to be inlined. */
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

function findEscapeEnd(bytes: Buffer, at: number): number {
  const letter = bytes[at] ?? 0;
  if (letter === LETTER_U) return HEX4.test(bytes.toString("latin1", at + 1, at + 5)) ? at + 5 : -1;
  return ESCAPES.includes(letter) ? at + 1 : -1;
}

function findScalarEnd(bytes: Buffer, at: number): number {
  switch (bytes[at]) {
    case LETTER_T:
      return matchWord(bytes, at, TRUE);
    case LETTER_F:
      return matchWord(bytes, at, FALSE);
    case LETTER_N:
      return matchWord(bytes, at, NULL);
    default:
      return findNumberEnd(bytes, at);
  }
}

function matchWord(bytes: Buffer, at: number, word: Buffer): number {
  for (let index = 0; index < word.length; index += 1) {
    if (bytes[at + index] !== word[index]) return -1;
  }
  return at + word.length;
}

function findNumberEnd(bytes: Buffer, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  at = bytes[at] === ZERO ? at + 1 : findDigitsEnd(bytes, at);
  if (at > 0 && bytes[at] === POINT) at = findDigitsEnd(bytes, at + 1);
  if (at > 0 && (bytes[at] === LETTER_E || bytes[at] === CAPITAL_E)) {
    const sign = bytes[at + 1];
    at = findDigitsEnd(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
  }
  return at;
}

function findDigitsEnd(bytes: Buffer, start: number): number {
  let at = start;
  for (let byte = bytes[at]; byte !== undefined && byte >= ZERO && byte <= NINE; byte = bytes[at]) at += 1;
  return at === start ? -1 : at;
}

const BOTTOM = 1;
const DEEPEST = 1 << 29;

const ONES = 0x01010101;
const BLANKS = 0x20202020;
const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
const TOP_BITS = 0x80808080;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANK = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const CAPITAL_E = 0x45;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LETTER_E = 0x65;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const LETTER_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** From `{` to `}` and from `[` to `]`. */
const TO_CLOSING = 2;

const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
const NULL = Buffer.from("null");
const ESCAPES = Buffer.from('"\\/bfnrt');
const HEX4 = /^[0-9a-fA-F]{4}$/;
