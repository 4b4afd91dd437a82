import type { Element, RestDocument, RestList } from "./document.js";

/** Puts a path in front of every link of a document, for clients that reach the server below that path. */
export function prefixLinks<Document extends RestDocument>(document: Document, basePath: string): Document {
  return basePath === "" ? document : { ...document, element: prefixElement(document.element, basePath) };
}

/** Does the same for a list that comes in pieces. */
export function prefixPieces<List extends RestList>(list: List, basePath: string): List {
  if (basePath === "") return list;
  return { ...list, pieces: prefixEach(list.pieces, basePath) };
}

async function* prefixEach(pieces: RestList["pieces"], basePath: string): AsyncGenerator<Element[]> {
  for await (const piece of pieces) yield piece.splice(0).map((element) => prefixElement(element, basePath));
}

function prefixElement(element: Element, basePath: string): Element {
  return Object.fromEntries(
    Object.entries(element).map(([name, value]) => [
      name,
      name === "href" && typeof value === "string" ? basePath + value : prefixValue(value, basePath),
    ]),
  );
}

function prefixValue(value: Element[string], basePath: string): Element[string] {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    return (value as readonly (string | Element)[]).map((each) =>
      typeof each === "string" ? each : prefixElement(each, basePath),
    ) as readonly Element[];
  }
  return prefixElement(value as Element, basePath);
}
