import { QUOTE, COMMA, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE } from "./json-bytes.js";
import { isAscii } from "node:buffer";
import { findKeyEnd, findStringEnd, findValueEnd, JsonBytes, skipBlanks } from "./json-walk.js";

/** The parsed value of what is no JSON, such as Python's `Infinity`. No field accepts it as a number or a text. */
export const UNREADABLE = Symbol("unreadable");

/**
 * Parses JSON that may be damaged. A literal or number that JSON does not have, and what is nested too deep, becomes
 * {@link UNREADABLE}; a bad escape becomes U+FFFD. The structure must be intact, as a walk over the bytes has shown. A member whose key is longer than any
 * real one may be left out.
 */
export function parseTolerantJson(bytes: Buffer): unknown {
  if (bytes.length > MOST_BYTES_WITH_ANY_KEY && hasLongKey(bytes)) return new TolerantParser(bytes).parse();
  try {
    // VDSM escapes everything beyond ASCII, and bytes without decoding are read twice as fast.
    return JSON.parse(isAscii(bytes) ? bytes.toString("latin1") : bytes.toString()) as unknown;
  } catch {
    return new TolerantParser(bytes).parse();
  }
}

/**
 * Tells whether a key is longer than any real one. V8 finds a key of more than 16,383 characters by its length alone, so that some
 * hundreds of one length take it seconds.
 */
function hasLongKey(bytes: Buffer): boolean {
  const json = new JsonBytes(bytes);
  findValueEnd(json, skipBlanks(bytes, 0));
  return json.longKeys > 0;
}

/** No fewer bytes have a key that is so long. */
const MOST_BYTES_WITH_ANY_KEY = 16_384;

/** Parses what is short in any real answer, such as a key, an id or an error. What is not short is {@link UNREADABLE}. */
export function parseShort(bytes: Buffer): unknown {
  return bytes.length > MOST_SHORT_BYTES ? UNREADABLE : parseTolerantJson(bytes);
}

const MOST_SHORT_BYTES = 65_536;

/** Reads value after value. Each method moves `at` behind what it has read. */
class TolerantParser {
  private at = 0;
  private readonly json: JsonBytes;

  constructor(private readonly bytes: Buffer) {
    this.json = new JsonBytes(bytes);
  }

  parse(): unknown {
    const { bytes, json } = this;
    this.at = skipBlanks(bytes, 0);
    const end = findValueEnd(json, this.at);
    if (end < 0 || skipBlanks(bytes, end) < bytes.length) throw new SyntaxError("no JSON");
    return this.readValue(0);
  }

  private readValue(depth: number): unknown {
    const start = this.at;
    const first = this.bytes[start];
    if (depth < MAX_DEPTH && first === OPEN_BRACE) return this.readObject(depth);
    if (depth < MAX_DEPTH && first === OPEN_BRACKET) return this.readList(depth);
    this.at = findValueEnd(this.json, start);
    if (first === OPEN_BRACE || first === OPEN_BRACKET) return UNREADABLE;
    const token = this.bytes.toString("utf8", start, this.at);
    return first === QUOTE ? readString(token) : readScalar(token);
  }

  private readObject(depth: number): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    this.readMembers(CLOSE_BRACE, () => {
      const start = this.at;
      const keyEnd = findStringEnd(this.json, start + 1);
      const longBefore = this.json.longKeys;
      this.at = findKeyEnd(this.json, start);
      if (this.json.longKeys !== longBefore) {
        this.at = findValueEnd(this.json, this.at);
        return;
      }
      const key = readString(this.bytes.toString("utf8", start, keyEnd));
      // Assigning to `__proto__` would set the prototype instead.
      Object.defineProperty(found, key, {
        value: this.readValue(depth + 1),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    });
    return found;
  }

  private readList(depth: number): unknown[] {
    const found: unknown[] = [];
    this.readMembers(CLOSE_BRACKET, () => {
      found.push(this.readValue(depth + 1));
    });
    return found;
  }

  private readMembers(closing: number, readMember: () => void): void {
    this.at = skipBlanks(this.bytes, this.at + 1);
    while (this.bytes[this.at] !== closing) {
      readMember();
      this.at = skipBlanks(this.bytes, this.at);
      if (this.bytes[this.at] === COMMA) this.at = skipBlanks(this.bytes, this.at + 1);
    }
    this.at += 1;
  }
}

/** Reads the text of a string in quotes. It throws nothing on the way, since an error costs as much as a thousand bytes. */
function readString(token: string): string {
  // Raw control characters are kept; a wrong escape becomes a character that says it cannot be read.
  const escaped = token
    .slice(1, -1)
    .replace(ESCAPE_OR_CONTROL, (found, valid: string | undefined) =>
      valid !== undefined ? found : found.startsWith("\\") ? "\uFFFD" : JSON.stringify(found).slice(1, -1),
    );
  return JSON.parse(`"${escaped}"`) as string;
}

function readScalar(token: string): unknown {
  return SCALAR.test(token) ? (JSON.parse(token) as unknown) : UNREADABLE;
}

const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/**
 * Returns `true` if parsing would take long for what there is to know: every value, however short, becomes one in memory.
 * Commas and brackets within texts count as well.
 */
export function hasTooManyValues(bytes: Buffer): boolean {
  // Each value takes two bytes at least.
  if (bytes.length < 2 * MOST_VALUES) return false;
  let values = 0;
  for (let at = 0; at < bytes.length && values <= MOST_VALUES; at += 1) {
    const byte = bytes[at];
    if (byte === COMMA || byte === OPEN_BRACKET || byte === OPEN_BRACE) values += 1;
  }
  return values > MOST_VALUES;
}

/** A guest with ten thousand interfaces and five addresses on each has 130,000. This many are parsed in some tenths of a second. */
const MOST_VALUES = 1_048_576;

/** The deepest nesting that is parsed. An address of an interface in a list of records is far above it. */
const MAX_DEPTH = 64;

/** Matches escapes and control characters. The first group is set if the escape is valid JSON. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const ESCAPE_OR_CONTROL = /(\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))|\\[^]|[\u0000-\u001f]/g;
