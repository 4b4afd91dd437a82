/**
 * Tells whether a text is these parts in this order, with any characters between two of them. It compares part by part and never
 * goes back; a regular expression with many stars would take hours.
 */
export function matchParts([first = "", ...others]: readonly string[], text: string): boolean {
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
