import { normalizeIPv4, normalizeIPv6 } from "../../model/ip.js";
import type { VmFilter } from "../../loaders/rows.js";
import { OvirtFaultError } from "../fault.js";
import { parseStatusWord } from "../elements/status-words.js";

/** What a `search` means: what the database can tell, the exact name if one is asked for, and the page that it names. */
export interface Search {
  readonly filter: VmFilter;
  /** Judges whole names, any case; `null`: the filter says it all. */
  readonly name: ((name: string) => boolean) | null;
  readonly page: number | null;
}

/** Reads oVirt's search language as far as it is used here: name, status and ip, joined by `and`, and a page. */
export function parseSearch(text: string): Search {
  if (text.length > MAX_LENGTH)
    throw new OvirtFaultError(400, `search: longer than ${MAX_LENGTH} characters; narrow it`);
  const [, terms = "", page] = /^\s*(.*?)\s*(?:\bpage\s+(\d{1,9})\s*)?$/is.exec(text) ?? [];
  const values = valuesOf(terms) ?? unreadable(text);
  const [name, status, ip] = ["name", "status", "ip"].map((key) => values.get(key));
  const part = longestLiteral(name ?? "");
  const filter: VmFilter = {
    ...(part !== "" && { nameContains: part }),
    ...(status !== undefined && {
      statuses: parseStatusWord(status.toLowerCase()) ?? wrong("status", status),
    }),
    ...(ip !== undefined && { ip: normalizeIPv4(ip) ?? normalizeIPv6(ip) ?? wrong("ip", ip) }),
  };
  return {
    filter,
    name: name === undefined ? null : judgeOf(name),
    page: page === undefined ? null : Number(page),
  };
}

/** The value of each key; `null` if the terms cannot be read. All must hold, so a key that is given twice cannot either. */
function valuesOf(terms: string): ReadonlyMap<string, string> | null {
  const values = new Map<string, string>();
  for (let rest = terms; rest !== "";) {
    const [whole = "", key = "", quoted, bare = ""] = TERM.exec(rest) ?? [];
    const value = quoted ?? bare;
    if (whole === "" || value === "" || values.has(key.toLowerCase())) return null;
    values.set(key.toLowerCase(), value);
    rest = rest.slice(whole.length);
  }
  return values;
}

/** A name has 255 characters at most; and reading must not take longer than asking. */
const MAX_LENGTH = 500;

const TERM = /^(name|status|ip)\s*=\s*(?:"([^"]*)"|([^\s"]+))(?:\s+and\s+(?=\S)|\s*$)/i;

function unreadable(text: string): never {
  throw new OvirtFaultError(
    400,
    `search: cannot be read: ${text.slice(0, 100)}; write name=web*, status=up or ip=192.0.2.1, joined by "and", ` +
      'and "page 2" at the end',
  );
}

function wrong(key: string, value: string): never {
  throw new OvirtFaultError(400, `search: ${key} has no value ${value.slice(0, 100)}`);
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
