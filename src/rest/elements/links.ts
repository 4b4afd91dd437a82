import type { Element, RestDocument } from "./document.js";

/** Puts a path in front of every link of a document, for clients that see the server below one. */
export function prefixLinks<Document extends RestDocument>(document: Document, basePath: string): Document {
  return basePath === "" ? document : { ...document, element: prefixElement(document.element, basePath) };
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
