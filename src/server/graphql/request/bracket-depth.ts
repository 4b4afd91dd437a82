import { LONGEST_NAME } from "./json-depth.js";

/**
 * Measures the deepest nesting of brackets in a GraphQL document. The parser calls itself once for each level, and its
 * stack is finite.
 */
export function measureBracketDepth(document: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < document.length; at++) {
    at = skipText(document, at);
    switch (document[at]) {
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

/** Tells whether a GraphQL document has a name of more than {@link LONGEST_NAME} characters, outside of strings and comments. */
export function hasLongWord(document: string): boolean {
  // Few documents have such a word anywhere, so the others are not looked at letter by letter.
  if (!LONG_WORD.test(document)) return false;
  let length = 0;
  for (let at = 0; at < document.length && length <= LONGEST_NAME; at++) {
    at = skipText(document, at);
    length = /\w/.test(document.charAt(at)) ? length + 1 : 0;
  }
  return length > LONGEST_NAME;
}

const LONG_WORD = new RegExp(`\\b\\w{${LONGEST_NAME + 1}}`);

/** Returns where the comment or the string ends that begins here; here, if none does. What stands at an end is no part of a name, and no bracket. */
function skipText(document: string, at: number): number {
  if (document[at] === "#") return findLineEnd(document, at);
  if (document[at] !== '"') return at;
  return document.startsWith('"""', at) ? findBlockStringEnd(document, at) : findStringEnd(document, at);
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
