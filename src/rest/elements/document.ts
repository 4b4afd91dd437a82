import { XMLBuilder } from "fast-xml-parser";
import type { Format } from "../request/format.js";

/** The content of an answer, in oVirt's JSON form. All values are texts; a list has its elements' name as key. */
export type Element = { readonly [name: string]: string | Element | readonly string[] | readonly Element[] };

/** An answer and the name of its outermost element, which only XML shows. */
export interface RestDocument {
  readonly root: string;
  readonly element: Element;
}

/** A list whose elements come piece by piece, because there may be too many for memory. */
export interface RestList {
  readonly root: string;
  /** What each element is called. */
  readonly item: string;
  /**
   * The consumer empties each piece that it takes. The generators keep a piece until the next one comes, however long
   * that takes.
   */
  readonly pieces: AsyncIterable<Element[]>;
}

/** Formats a document. */
export function formatDocument({ root, element }: RestDocument, format: Format): string {
  if (format === "json") return JSON.stringify(element);
  return BUILDER.build({ "?xml": DECLARATION, [root]: toXmlNode(element) });
}

/** Formats a list piece by piece. The text is the same as that of {@link formatDocument}. */
export async function* formatList({ root, item, pieces }: RestList, format: Format): AsyncGenerator<string> {
  const isJson = format === "json";
  yield isJson ? `{${JSON.stringify(item)}:[` : `${BUILDER.build({ "?xml": DECLARATION })}<${root}>\n`;
  let isFirst = true;
  for await (const elements of pieces) {
    if (elements.length === 0) continue;
    yield formatPiece(elements.splice(0), { item, isJson, isFirst });
    isFirst = false;
  }
  yield isJson ? "]}" : `</${root}>\n`;
}

function formatPiece(
  elements: readonly Element[],
  { item, isJson, isFirst }: { readonly item: string; readonly isJson: boolean; readonly isFirst: boolean },
): string {
  if (!isJson) return BUILDER.build({ [item]: elements.map(toXmlNode) });
  return `${isFirst ? "" : ","}${elements.map((element) => JSON.stringify(element)).join(",")}`;
}

/** Formats the media type of XML or JSON. */
export function formatMediaType(format: Format): string {
  return `application/${format}; charset=utf-8`;
}

const ATTRIBUTE = "@";
const DECLARATION = {
  [`${ATTRIBUTE}version`]: "1.0",
  [`${ATTRIBUTE}encoding`]: "UTF-8",
  [`${ATTRIBUTE}standalone`]: "yes",
};

// The library calls its builder deprecated because it moves to another package; it stays the same.
// eslint-disable-next-line @typescript-eslint/no-deprecated -- as said above
const BUILDER = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE,
  format: true,
  indentBy: "  ",
  suppressEmptyNode: true,
});

/** The properties that oVirt writes as attributes; all others are elements. */
const ATTRIBUTES: ReadonlySet<string> = new Set(["id", "href", "rel"]);

type XmlNode = string | XmlNode[] | { [name: string]: XmlNode };

function toXmlNode(value: Element[string] | Element): XmlNode {
  if (typeof value === "string") return escapeXmlText(value);
  if (Array.isArray(value)) return (value as readonly (string | Element)[]).map(toXmlNode);
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [
      ATTRIBUTES.has(name) ? ATTRIBUTE + name : name,
      toXmlNode(child),
    ]),
  );
}

/** Replaces characters that XML 1.0 cannot express, not even escaped. A guest may use any character in a name. */
function escapeXmlText(text: string): string {
  return text.replaceAll(FORBIDDEN, "\uFFFD");
}

// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;
