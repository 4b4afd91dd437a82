import { isBeginning, takeHost } from "../../../src/model/address/take-host.js";

/** What a text in the search box asks for. */
export type Search =
  | { readonly kind: "all" }
  /** A part of a VM's name, or of its guest's if it has a dot. */
  | { readonly kind: "name"; readonly text: string }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "prefix"; readonly prefix: string }
  | { readonly kind: "mac"; readonly mac: string }
  /** A part of a name that may also be the beginning of an IPv4 address, a MAC without colons, or an id. Both are searched. */
  | { readonly kind: "name-or"; readonly text: string; readonly other: OtherSearch };

/** The other meaning of such a part of a name. */
export type OtherSearch =
  Extract<Search, { kind: "prefix" | "mac" }> | { readonly kind: "id"; readonly id: string };

/**
 * Decides whether a text is an address, a CIDR prefix, a MAC or a part of a name. The server checks it again. Quotation
 * marks and commas around it come from where it was copied. A `*` there is not needed, since parts are found anyway. Of a URL, and
 * of a name or an address with a port, the host is taken, as the server's `find` does.
 */
export function parseSearch(text: string): Search {
  const trimmed = text.replace(AROUND, "");
  if (trimmed === "") return { kind: "all" };
  if (MAC.some((form) => form.test(trimmed))) return { kind: "mac", mac: trimmed };
  const host = isBeginning(trimmed) ? trimmed : takeHost(trimmed).host;
  const address = host.replace(/%[\w.-]+$/, "");
  if (isIPv4(address) || isIPv6(address)) return { kind: "address", address };
  const prefix = trimmed.replace(/^\[(.*)\]\//, "$1/");
  if (isPrefix(prefix)) return { kind: "prefix", prefix };
  const other = parseOther(host);
  if (other !== null) return { kind: "name-or", text: host, other };
  // A dot may end a complete name.
  return { kind: "name", text: host.replace(/(?<=[^.])\.$/, "") };
}

/** Tells whether a text may be a part of a MAC or of an IPv6 address. The server finds only complete ones. */
export function isHalfTyped(text: string): boolean {
  return parseSearch(text).kind === "name" && HALF_TYPED.some((form) => form.test(text.trim()));
}

/** Parses `10.1` and `10.1.2.` as prefixes of whole octets, and what may be an id or a MAC as well as a name. */
function parseOther(text: string): OtherSearch | null {
  const [, ...groups] = ID.exec(text) ?? [];
  if (groups.length > 0) return { kind: "id", id: groups.join("-") };
  if (MAC_OR_NAME.some((form) => form.test(text))) return { kind: "mac", mac: text };
  const octets = text.replace(/\.$/, "").split(".");
  if (!text.includes(".") || octets.length > 3) return null;
  const address = [...octets, "0", "0", "0"].slice(0, 4).join(".");
  return isIPv4(address) ? { kind: "prefix", prefix: `${address}/${8 * octets.length}` } : null;
}

function isPrefix(text: string): boolean {
  const [, address = "", length = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  return (isIPv4(address) && Number(length) <= 32) || (isIPv6(address) && Number(length) <= 128);
}

function isIPv4(text: string): boolean {
  const octets = text.split(".");
  return (
    octets.length === 4 && octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256)
  );
}

/** Tells whether a text is an IPv6 address. The browser's URL parser decides, since it knows every spelling. */
function isIPv6(text: string): boolean {
  return text.includes(":") && /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`);
}

const AROUND = /^[\s*"'`]+|[\s*"'`,;]+$/g;

/** An id, with dashes or without. */
const ID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

const HALF_TYPED = [
  /^[0-9a-f]{1,4}:[0-9a-f:]*$/i,
  // Many VMs have names such as `db-01`.
  /^(?:[0-9a-f]{2}-){2,5}[0-9a-f]{0,2}$/i,
];

const MAC = [
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i,
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){7}$/i,
  /^[0-9a-f]{2}(?: [0-9a-f]{2}){5}$/i,
  /^[0-9a-f]{4}(?::[0-9a-f]{4}){2}$/i,
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){19}$/i,
];

/** Spellings of a MAC that may be names, too. */
const MAC_OR_NAME = [
  /^(?:[0-9a-f]{12}|[0-9a-f]{16}|[0-9a-f]{40})$/i,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/i,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){7}$/i,
  /^[0-9a-f]{4}([.-])[0-9a-f]{4}\1[0-9a-f]{4}$/i,
  /^[0-9a-f]{6}-[0-9a-f]{6}$/i,
];
