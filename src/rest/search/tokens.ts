import { OvirtFaultError } from "../fault.js";

/** A piece of a search. */
export type Token = Operand | { readonly kind: "and" | "or" };

/** A condition, or a word without a key, which any text of a VM may contain. */
export type Operand =
  | { readonly kind: "term"; readonly key: string; readonly isNegated: boolean; readonly value: string }
  | { readonly kind: "word"; readonly value: string };

/** A search as tokens, without its prefix, order and page. */
export interface SearchTokens {
  readonly tokens: readonly Token[];
  readonly sort: { readonly key: string; readonly descending: boolean } | null;
  readonly page: number | null;
}

/** The kinds of things that are searched, in the singular. */
export type SearchedKind = "vm" | "host" | "cluster" | "template" | "network";

/** Splits a search into tokens. `Vms:` may stand before it, `sortby KEY [asc|desc]` and `page N` after it. */
export function splitSearch(text: string, kind: SearchedKind): SearchTokens {
  let rest = text.replace(new RegExp(`^\\s*(?:${kind}s?\\s*:)?\\s*`, "i"), "");
  // A list of VMs cannot be searched for another kind, such as `Hosts:`.
  if (/^[a-z]+\s*:\s/i.test(rest)) throw createUnreadableFault(text);
  const tokens: Token[] = [];
  let sort: SearchTokens["sort"] = null;
  let page: number | null = null;
  while (rest !== "") {
    const found = take(rest);
    if (found === null) throw createUnreadableFault(text);
    // Only a page may follow an order, and nothing may follow a page.
    const isAtEnd = page !== null || (sort !== null && found.kind !== "page");
    if (isAtEnd) throw createUnreadableFault(text);
    if (found.kind === "page") page = found.page;
    else if (found.kind === "sort") sort = found.sort;
    else tokens.push(found.token);
    rest = rest.slice(found.length);
  }
  return { tokens, sort, page };
}

/** Creates the fault of a search that cannot be parsed. It says what can be. */
export function createUnreadableFault(text: string): OvirtFaultError {
  return new OvirtFaultError(
    400,
    `search: cannot be read: ${text.slice(0, 100)}; write name=web*, status=up or ip=192.0.2.1, joined by "and" or ` +
      '"or", and "sortby name" or "page 2" at the end',
  );
}

type Found = { readonly length: number } & (
  | { readonly kind: "token"; readonly token: Token }
  | { readonly kind: "sort"; readonly sort: NonNullable<SearchTokens["sort"]> }
  | { readonly kind: "page"; readonly page: number }
);

function take(text: string): Found | null {
  return takeEnd(text) ?? takeTerm(text) ?? takeWord(text);
}

function takeEnd(text: string): Found | null {
  const page = /^page\s+(\d{1,9})(?:\s+|$)/i.exec(text);
  if (page !== null) return { kind: "page", page: Number(page[1]), length: page[0].length };
  const sort = /^sortby\s+([a-z_]+)(?:\s+(asc|desc))?(?:\s+|$)/i.exec(text);
  if (sort === null) return null;
  const [{ length }, key = "", direction = "asc"] = sort;
  return { kind: "sort", sort: { key, descending: direction.toLowerCase() === "desc" }, length };
}

/** Takes `KEY = VALUE`, with or without blanks around the sign. A value of several words, or with `=` in front, is in quotes. */
function takeTerm(text: string): Found | null {
  const term = /^([a-z_.]+)\s*(!?=)\s*(?:"([^"]*)"|([^\s"=][^\s"]*))(?:\s+|$)/i.exec(text);
  if (term === null) return null;
  const [{ length }, key = "", sign, quoted, bare = ""] = term;
  const value = quoted ?? bare;
  if (value === "") return null;
  return { kind: "token", token: { kind: "term", key, isNegated: sign === "!=", value }, length };
}

function takeWord(text: string): Found | null {
  const word = /^(?:"([^"]+)"|([^\s"=<>!]+))(?:\s+|$)/.exec(text);
  if (word === null) return null;
  const [{ length }, quoted, bare = ""] = word;
  if (quoted !== undefined) return { kind: "token", token: { kind: "word", value: quoted }, length };
  const keyword = bare.toLowerCase();
  if (keyword === "and" || keyword === "or") return { kind: "token", token: { kind: keyword }, length };
  // These words make the search unfinished, or belong to another language. A text with such a name is searched in
  // quotes.
  if (keyword === "sortby" || keyword === "page" || keyword === "not") return null;
  return { kind: "token", token: { kind: "word", value: bare }, length };
}
