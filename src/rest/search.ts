import { isIP } from "node:net";
import type { VmFilter } from "../loaders/rows.js";
import { Fault } from "./fault.js";
import { statusesOf } from "./status-words.js";

/** What a `search` means: what the database can tell, the exact name if one is asked for, and the page that it names. */
export interface Search {
  readonly filter: VmFilter;
  /** Judges whole names, any case; `null`: the filter says it all. */
  readonly name: ((name: string) => boolean) | null;
  readonly page: number | null;
}

/** Reads oVirt's search language as far as it is used here: name, status and ip, joined by `and`, and a page. */
export function searchOf(text: string): Search {
  if (text.length > MAX_LENGTH)
    throw new Fault(400, `search: longer than ${MAX_LENGTH} characters; narrow it`);
  const [, terms = "", page] = /^\s*(.*?)\s*(?:\bpage\s+(\d{1,9})\s*)?$/is.exec(text) ?? [];
  const filter: Record<string, unknown> = {};
  let name: Search["name"] = null;
  for (let rest = terms; rest !== "";) {
    const [whole = "", key = "", quoted, bare = ""] = TERM.exec(rest) ?? [];
    const value = quoted ?? bare;
    if (whole === "" || value === "") throw unreadable(text);
    rest = rest.slice(whole.length);
    switch (key.toLowerCase()) {
      case "name":
        if (filter["nameContains"] !== undefined || name !== null) throw unreadable(text);
        if (longestLiteral(value) !== "") filter["nameContains"] = longestLiteral(value);
        name = judgeOf(value);
        break;
      case "status":
        filter["statuses"] = statusesOf(value.toLowerCase()) ?? wrong("status", value);
        break;
      default:
        filter["ip"] = isIP(value) === 0 || value.includes("%") ? wrong("ip", value) : canonicalOf(value);
    }
  }
  return { filter: filter, name, page: page === undefined ? null : Number(page) };
}

/** A name has 255 characters at most; and reading must not take longer than asking. */
const MAX_LENGTH = 500;

const TERM = /^(name|status|ip)\s*=\s*(?:"([^"]*)"|([^\s"]+))(?:\s+and\s+(?=\S)|\s*$)/i;

function unreadable(text: string): Fault {
  return new Fault(
    400,
    `search: cannot be read: ${text.slice(0, 100)}; write name=web*, status=up or ip=192.0.2.1, joined by "and", ` +
      'and "page 2" at the end',
  );
}

function wrong(key: string, value: string): never {
  throw new Fault(400, `search: ${key} has no value ${value.slice(0, 100)}`);
}

/** The database looks for a part of a name; the pattern then judges what it found. */
function longestLiteral(value: string): string {
  return value.split("*").reduce((left, right) => (right.length > left.length ? right : left));
}

/**
 * `*` stands for any characters; `*part*` is what the database looks for anyway. Part by part and never back, because a
 * regular expression of many stars would try a name for hours.
 */
function judgeOf(value: string): Search["name"] {
  if (/^\*[^*]*\*$/.test(value) || value === "*") return null;
  const [first = "", ...others] = value.toLowerCase().split("*");
  const last = others.pop();
  return (name) => {
    const text = name.toLowerCase();
    if (last === undefined) return text === first;
    if (!text.startsWith(first)) return false;
    let place = first.length;
    for (const part of others) {
      const found = text.indexOf(part, place);
      if (found === -1) return false;
      place = found + part.length;
    }
    return text.length - last.length >= place && text.endsWith(last);
  };
}

/** The spelling of the WHATWG URL standard is that of RFC 5952, but for embedded IPv4. */
function canonicalOf(ip: string): string {
  return ip.includes(":") ? new URL(`http://[${ip}]/`).hostname.slice(1, -1) : ip;
}
