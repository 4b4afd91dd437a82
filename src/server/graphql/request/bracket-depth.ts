/**
 * Measures the deepest nesting of brackets in a GraphQL document. The parser calls itself once for each level, and its
 * stack is finite.
 */
export function measureBracketDepth(document: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < document.length; at++) {
    switch (document[at]) {
      case "#":
        at = findLineEnd(document, at);
        break;
      case '"':
        at = document.startsWith('"""', at) ? findBlockStringEnd(document, at) : findStringEnd(document, at);
        break;
      case "{":
      case "[":
      case "(":
        deepest = Math.max(deepest, ++depth);
        break;
      case "}":
      case "]":
      case ")":
        depth--;
        break;
    }
  }
  return deepest;
}

function findLineEnd(document: string, start: number): number {
  let at = start;
  while (at < document.length && document[at] !== "\n" && document[at] !== "\r") at++;
  return at;
}

function findStringEnd(document: string, start: number): number {
  let at = start + 1;
  while (at < document.length && document[at] !== '"' && document[at] !== "\n" && document[at] !== "\r") {
    at += document[at] === "\\" ? 2 : 1;
  }
  return at;
}

function findBlockStringEnd(document: string, start: number): number {
  let at = document.indexOf('"""', start + 3);
  while (at !== -1 && document[at - 1] === "\\") at = document.indexOf('"""', at + 3);
  return at === -1 ? document.length : at + 2;
}
