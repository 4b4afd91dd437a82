import type { FastifyRequest } from "fastify";
import { OvirtFaultError } from "../fault.js";
import { parseSearch, type Search } from "../search/parse-search.js";
import type { SearchedKind } from "../search/tokens.js";
import { readBoolean, readParameter, readWholeNumber, readWords } from "./parameters.js";

/** What a client asked of a list. */
export interface ListRequest {
  /** How many at most; `null`: all of them. 0 is no mistake: an engine answers it with an empty list. */
  readonly max: number | null;
  readonly page: number;
  readonly search: Search;
}

/** Parses which part of a list the client wants. A page without `max` has {@link PAGE_SIZE} entries. */
export function parseListRequest(request: FastifyRequest, kind: SearchedKind): ListRequest {
  const search = parseSearch(readWords(request, "search") ?? "", {
    caseSensitive: readBoolean(request, "case_sensitive") ?? false,
    kind,
  });
  const page = readWholeNumber(request, "page", 1) ?? search.page;
  if (page === 0) throw new OvirtFaultError(400, "page: expected a whole number from 1");
  const max = readMax(request);
  return { max: max ?? (page === null ? null : PAGE_SIZE), page: page ?? 1, search };
}

const PAGE_SIZE = 500;

/** Cuts a list that has neither search nor pages to the `max` that the client wants. */
export function cutToMax<Item>(request: FastifyRequest, items: readonly Item[]): readonly Item[] {
  return items.slice(0, readMax(request) ?? items.length);
}

/** Reads `max`; `null`: no limit. Clients may also send the value that an engine takes for no limit. */
function readMax(request: FastifyRequest): number | null {
  return readParameter(request, "max") === NO_LIMIT ? null : readWholeNumber(request, "max", 0);
}

const NO_LIMIT = "-1";
