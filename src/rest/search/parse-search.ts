import type { VmSearch, VmSort } from "../../loaders/rows.js";
import { OvirtFaultError } from "../fault.js";
import { isSearchKey, parseSortKey, parseTerm, parseWord } from "./terms.js";
import { createUnreadableFault, splitSearch, type Operand, type SearchedKind, type Token } from "./tokens.js";

/** A parsed `search`. */
export interface Search {
  /** `null`: all VMs. */
  readonly condition: VmSearch | null;
  /** `null`: the search states no order. */
  readonly sort: VmSort | null;
  readonly page: number | null;
}

interface SearchOptions {
  readonly caseSensitive?: boolean;
  readonly kind?: SearchedKind;
}

/**
 * Reads oVirt's search language for the keys that exist here:
 *
 *     search  := ["Vms:"] [group {group}] ["sortby" key ["asc"|"desc"]] ["page" number]
 *     group   := all {"or" all}              groups side by side must all hold, as in an engine
 *     all     := term {"and" term}
 *     term    := key ("=" | "!=") value | word
 */
export function parseSearch(
  text: string,
  { caseSensitive = false, kind = "vm" }: SearchOptions = {},
): Search {
  if (text.length > MAX_LENGTH)
    throw new OvirtFaultError(400, `search: longer than ${MAX_LENGTH} characters; narrow it`);
  const { tokens, sort, page } = splitSearch(text, kind);
  return {
    condition: parseGroups(tokens, text, { caseSensitive, kind }),
    sort: sort === null ? null : { key: parseSortKey(sort.key, kind), descending: sort.descending },
    page,
  };
}

/** The longest search. A name has at most 255 characters, and parsing must be faster than the query itself. */
const MAX_LENGTH = 500;

function parseGroups(
  tokens: readonly Token[],
  text: string,
  options: Required<SearchOptions>,
): VmSearch | null {
  const groups: VmSearch[][][] = [];
  let joint: "and" | "or" | "side by side" = "side by side";
  let isAfterTerm = false;
  for (const token of tokens) {
    if (isJoint(token)) {
      if (!isAfterTerm) throw createUnreadableFault(text);
      [joint, isAfterTerm] = [token.kind, false];
      continue;
    }
    const term = parseOperand(token, text, options);
    if (joint === "side by side") groups.push([[term]]);
    else if (joint === "or") groups.at(-1)?.push([term]);
    else groups.at(-1)?.at(-1)?.push(term);
    [joint, isAfterTerm] = ["side by side", true];
  }
  if (tokens.length > 0 && !isAfterTerm) throw createUnreadableFault(text);
  const all = groups.map((group) =>
    join(
      "or",
      group.map((terms) => join("and", terms)),
    ),
  );
  return all.length === 0 ? null : join("and", all);
}

function isJoint(token: Token): token is Exclude<Token, Operand> {
  return token.kind === "and" || token.kind === "or";
}

function parseOperand(token: Operand, text: string, options: Required<SearchOptions>): VmSearch {
  if (token.kind === "word") {
    // A key without a value is an unfinished search; one with `:` or `~` belongs to another search language.
    if (isSearchKey(/^[^:~]*/.exec(token.value)?.[0] ?? "", options.kind)) throw createUnreadableFault(text);
    return parseWord(token.value, options.caseSensitive);
  }
  const condition = parseTerm(token, options);
  return token.isNegated ? { kind: "not", part: condition } : condition;
}

function join(kind: "and" | "or", parts: readonly VmSearch[]): VmSearch {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind, parts };
}
