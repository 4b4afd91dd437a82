import { TokenKind, type ASTNode, type Token } from "graphql";

/**
 * Formats where a literal stands, such as `filter.address.inCidr: `, for the message of a refusal. graphql-js names the place of
 * a variable's value, but not of a literal, whose scalar sees the literal alone. So this goes back through the document's
 * tokens. It is empty if nothing is known of the place.
 */
export function formatPlace(literal: ASTNode | undefined): string {
  const names: string[] = [];
  let token = stepBack(literal?.loc?.startToken);
  while (token !== null) {
    if (token.kind === TokenKind.COLON) {
      const name = stepBack(token);
      names.unshift(name?.value ?? "");
      token = stepBack(name);
    }
    const opening = findOpening(token);
    // A list has no name of its own; an object's is before it. Before a parenthesis stands the field.
    if (opening === null || opening.kind === TokenKind.PAREN_L) break;
    token = stepBack(opening);
  }
  return names.length === 0 ? "" : `${names.join(".")}: `;
}

/** Finds the token before another one. Comments are tokens too, and are passed over. */
function stepBack(from: Token | null | undefined): Token | null {
  let token = from?.prev ?? null;
  while (token?.kind === TokenKind.COMMENT) token = token.prev;
  return token;
}

/** Finds the bracket that is open at a token, before it or the token itself; `null`: none is. */
function findOpening(from: Token | null): Token | null {
  let [closed, passed] = [0, 0];
  for (let token = from; token !== null && passed < MOST_TOKENS; token = token.prev, passed += 1) {
    if (CLOSING.has(token.kind)) closed += 1;
    else if (OPENING.has(token.kind)) {
      if (closed === 0) return token;
      closed -= 1;
    }
  }
  return null;
}

/** How far it looks back. A document may have a list of many literals that are all refused. */
const MOST_TOKENS = 2_000;
const OPENING: ReadonlySet<string> = new Set([TokenKind.PAREN_L, TokenKind.BRACKET_L, TokenKind.BRACE_L]);
const CLOSING: ReadonlySet<string> = new Set([TokenKind.PAREN_R, TokenKind.BRACKET_R, TokenKind.BRACE_R]);
