import type { FastifyRequest } from "fastify";
import { OvirtFaultError } from "../fault.js";
import { parseSearch, type Search } from "./search.js";

/** What may be followed into an answer, instead of being linked to. */
export type Follow = "nics" | "reported_devices" | "nics.reported_devices";

/** What a client asked of a list of VMs. */
export interface ListRequest {
  readonly max: number;
  readonly page: number;
  readonly search: Search;
}

/** Whether the client wants `guest_info`: by the header of the feature page, or the parameter of the same name. */
export function wantsAllContent(request: FastifyRequest): boolean {
  const header = request.headers["all-content"];
  const asked = typeof header === "string" ? header : parameter(request, "all_content");
  if (asked === null) return false;
  if (["", "true"].includes(asked.trim().toLowerCase())) return true;
  if (asked.trim().toLowerCase() === "false") return false;
  throw new OvirtFaultError(400, "All-Content: expected true or false");
}

/** What the client wants followed, of what can be. */
export function parseFollow(request: FastifyRequest, possible: readonly Follow[]): ReadonlySet<Follow> {
  const asked = (parameter(request, "follow") ?? "").split(",").map((each) => each.trim());
  const known = new Set<Follow>();
  for (const each of asked.filter((name) => name !== "")) {
    const follow = possible.find((name) => name === each);
    if (follow === undefined) {
      const may = possible.length === 0 ? "nothing" : possible.join(", ");
      throw new OvirtFaultError(400, `follow: ${each.slice(0, 100)} cannot be followed here; ${may} can`);
    }
    known.add(follow);
  }
  return known;
}

/** The page of a list that the client wants. */
export function parseListRequest(request: FastifyRequest): ListRequest {
  const max = wholeNumber(request, "max") ?? MAX_PAGE;
  if (max > MAX_PAGE) throw new OvirtFaultError(400, `max: at most ${MAX_PAGE}; ask for the next page`);
  const search = parseSearch(parameter(request, "search") ?? "");
  const page = wholeNumber(request, "page") ?? search.page ?? 1;
  if (page < 1 || max * page > MAX_DEPTH) {
    throw new OvirtFaultError(
      400,
      `page: pages reach to the ${MAX_DEPTH}th VM from the first; narrow the search`,
    );
  }
  return { max, page, search };
}

/** One answer holds no more VMs than this, as in the graph. */
const MAX_PAGE = 500;

/** Pages have numbers here, so that the last ones cost the reading of all before them. */
export const MAX_DEPTH = 10_000;

function wholeNumber(request: FastifyRequest, name: string): number | null {
  const text = parameter(request, name);
  if (text === null) return null;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new OvirtFaultError(400, `${name}: expected a whole number from 1`);
  return Number(text);
}

function parameter(request: FastifyRequest, name: string): string | null {
  const value = (request.query as Readonly<Record<string, string | readonly string[] | undefined>>)[name];
  if (value === undefined) return null;
  if (typeof value !== "string") throw new OvirtFaultError(400, `${name}: given more than once`);
  if (/\p{Cc}|\p{Cs}/u.test(value))
    throw new OvirtFaultError(400, `${name}: holds characters that nothing is called by`);
  return value;
}
