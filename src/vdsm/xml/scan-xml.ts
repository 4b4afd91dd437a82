import { XmlTag } from "./xml-tag.js";

/** Receives a document element by element. `depth` is 1 for the root; names come without their prefix. */
export interface XmlListener {
  /** Called with each start tag. The tag is valid only during the call. */
  open(name: string, tag: XmlTag, depth: number): void;
  /** Called with the text of the current element, as written, while {@link wantsText} is `true`. */
  addText(raw: string): void;
  /** Called at the end of each element. */
  close(depth: number): void;
  readonly wantsText: boolean;
}

/** The bounds of a document. A document that exceeds them is refused. */
export interface XmlBounds {
  readonly maxLength: number;
  readonly maxElements: number;
  readonly maxAttributes: number;
  readonly maxDepth: number;
}

/**
 * Reads a document once, without building a tree. Returns `false` if its tags, attributes or nesting are not
 * well-formed, if it exceeds the bounds, or if it declares a document type. The listener must then forget what it
 * received.
 */
export function scanXml(xml: string, bounds: XmlBounds, listener: XmlListener): boolean {
  if (xml.length > bounds.maxLength) return false;
  const tag = new XmlTag(xml, bounds.maxAttributes);
  const open: string[] = [];
  let elements = 0;
  let at = 0;
  for (;;) {
    const start = xml.indexOf("<", at);
    const isInside = open.length > 0;
    if (start < 0) return !isInside && elements > 0 && isBlank(xml, at, xml.length);
    if (!isInside && !isBlank(xml, at, start)) return false;
    if (isInside && listener.wantsText && start > at) listener.addText(xml.slice(at, start));
    const next = xml.charCodeAt(start + 1);
    if (next === SLASH) {
      at = skipEndTag(xml, start + 2, open.pop());
      if (at < 0) return false;
      listener.close(open.length + 1);
    } else if (next === EXCLAMATION || next === QUESTION) {
      at = skipDeclaration(xml, start, isInside, listener);
      if (at < 0) return false;
    } else {
      elements += 1;
      if (elements > bounds.maxElements || open.length >= bounds.maxDepth) return false;
      if ((!isInside && elements > 1) || !tag.read(start + 1)) return false;
      at = tag.end;
      listener.open(tag.getLocalName(), tag, open.length + 1);
      if (tag.isEmpty) listener.close(open.length + 1);
      else open.push(tag.name);
    }
  }
}

/** Skips an end tag from its name on; -1 if it is not the end tag of the open element. */
function skipEndTag(xml: string, at: number, name: string | undefined): number {
  if (name === undefined || !xml.startsWith(name, at)) return -1;
  let end = at + name.length;
  while (isSpace(xml.charCodeAt(end))) end += 1;
  return xml.charCodeAt(end) === GREATER ? end + 1 : -1;
}

/** Skips a comment, a processing instruction or a CDATA section; -1 for anything else, such as a document type. */
function skipDeclaration(xml: string, start: number, isInside: boolean, listener: XmlListener): number {
  if (xml.startsWith("<!--", start)) return skipBehind(xml, "-->", start + 4);
  if (xml.startsWith("<?", start)) return skipBehind(xml, "?>", start + 2);
  if (!isInside || !xml.startsWith("<![CDATA[", start)) return -1;
  const end = skipBehind(xml, "]]>", start + 9);
  // CDATA has no references, so `&` is escaped.
  if (end > 0 && listener.wantsText) listener.addText(xml.slice(start + 9, end - 3).replaceAll("&", "&amp;"));
  return end;
}

function skipBehind(xml: string, mark: string, from: number): number {
  const at = xml.indexOf(mark, from);
  return at < 0 ? -1 : at + mark.length;
}

function isBlank(xml: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    // A byte order mark may stand before the root.
    if (!isSpace(xml.charCodeAt(at)) && !(at === 0 && xml.charCodeAt(0) === BYTE_ORDER_MARK)) return false;
  }
  return true;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;
}

const SLASH = 0x2f;
const EXCLAMATION = 0x21;
const QUESTION = 0x3f;
const GREATER = 0x3e;
const BYTE_ORDER_MARK = 0xfeff;
