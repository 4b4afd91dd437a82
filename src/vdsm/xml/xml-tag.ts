import { decodeXml } from "./decode-xml.js";

/** The current start tag of a document. {@link read} walks over it; attributes are decoded only if they are asked for. */
export class XmlTag {
  /** The name with its prefix. */
  name = "";
  /** The index behind the tag. */
  end = 0;
  /** `true` if the tag is `<like-this/>`. */
  isEmpty = false;
  /** Where the attributes begin. */
  private attributesAt = 0;
  private nameAt = 0;
  private nameEnd = 0;
  private valueAt = 0;
  private valueEnd = 0;

  constructor(
    private readonly xml: string,
    private readonly maxAttributes: number,
  ) {}

  /** Reads the tag whose name begins at this index. Returns `false` if it is no tag, or has too many attributes. */
  read(at: number): boolean {
    this.attributesAt = this.skipName(at);
    if (this.attributesAt < 0) return false;
    this.name = this.xml.slice(at, this.attributesAt);
    let attributes = 0;
    let next = this.attributesAt;
    while (this.readAttribute(next)) {
      attributes += 1;
      if (attributes > this.maxAttributes) return false;
      next = this.valueEnd + 1;
    }
    next = this.skipSpace(next);
    this.isEmpty = this.xml.charCodeAt(next) === SLASH;
    if (this.isEmpty) next += 1;
    this.end = next + 1;
    return this.xml.charCodeAt(next) === GREATER;
  }

  getLocalName(): string {
    return this.name.slice(this.name.indexOf(":") + 1);
  }

  /** Returns the value of an attribute, whose prefix does not matter; `null` if it is absent or empty. */
  findAttribute(wanted: string): string | null {
    for (let at = this.attributesAt; this.readAttribute(at); at = this.valueEnd + 1) {
      const isWanted =
        this.xml.startsWith(wanted, this.nameEnd - wanted.length) &&
        (this.nameEnd - this.nameAt === wanted.length ||
          this.xml.charCodeAt(this.nameEnd - wanted.length - 1) === COLON);
      if (isWanted) return decodeXml(this.xml.slice(this.valueAt, this.valueEnd)).trim() || null;
    }
    return null;
  }

  /** Reads the attribute that begins at this index, or after blanks there. Returns `false` if there is none. */
  private readAttribute(from: number): boolean {
    this.nameAt = this.skipSpace(from);
    if (this.nameAt === from) return false;
    this.nameEnd = this.skipName(this.nameAt);
    if (this.nameEnd < 0) return false;
    const equals = this.skipSpace(this.nameEnd);
    if (this.xml.charCodeAt(equals) !== EQUALS) return false;
    const quote = this.skipSpace(equals + 1);
    const code = this.xml.charCodeAt(quote);
    if (code !== APOSTROPHE && code !== QUOTE) return false;
    this.valueAt = quote + 1;
    this.valueEnd = this.xml.indexOf(code === QUOTE ? '"' : "'", this.valueAt);
    return this.valueEnd >= 0;
  }

  /** Returns the index behind the name that begins here; -1 if no name does. */
  private skipName(at: number): number {
    const first = this.xml.charCodeAt(at);
    if (!isNameCode(first) || isDigitOrSign(first)) return -1;
    let end = at + 1;
    while (isNameCode(this.xml.charCodeAt(end))) end += 1;
    return end;
  }

  private skipSpace(from: number): number {
    let at = from;
    for (;;) {
      const code = this.xml.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x09 && code !== 0x0d) return at;
      at += 1;
    }
  }
}

/** Tells whether a character may be in a name: letters, digits, `-`, `.`, `:`, `_` and everything beyond ASCII. */
function isNameCode(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x2d && code <= 0x3a && code !== SLASH) ||
    code === 0x5f ||
    code >= 0x80
  );
}

/** Tells whether a character may be in a name, but not at its start. */
function isDigitOrSign(code: number): boolean {
  return code >= 0x2d && code <= 0x39;
}

const SLASH = 0x2f;
const GREATER = 0x3e;
const COLON = 0x3a;
const EQUALS = 0x3d;
const APOSTROPHE = 0x27;
const QUOTE = 0x22;
