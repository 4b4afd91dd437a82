import type { Loaders } from "../../../loaders/loaders.js";
import type { HostRow, Nic, VmFilter, VmSearch } from "../../../loaders/rows.js";
import {
  CidrError,
  listEquivalentAddresses,
  parseAddress,
  parseCidr,
  type Cidr,
} from "../../../model/address/cidr.js";
import { normalizeAddress } from "../../../model/address/ip.js";
import { normalizeMac } from "../../../model/address/mac.js";
import { isBeginning, takeHost } from "../../../model/address/take-host.js";
import { isUuid, parseUuid } from "../../../model/uuid.js";
import { createGraphError } from "../../errors.js";
import { parseText } from "../arguments.js";

/** What a text is taken for, and its value in the form that comparisons need. */
export type FindTarget =
  /** `names`: the same text as a part of a name; empty if it cannot be one. */
  | { readonly kind: "ID" | "MAC"; readonly text: string; readonly names: readonly TextMatch[] }
  | { readonly kind: "NAME"; readonly names: readonly TextMatch[]; readonly at: HostAndPort | null }
  | { readonly kind: "ADDRESS"; readonly text: string; readonly port: number | null }
  | { readonly kind: "CIDR"; readonly cidr: Cidr };

/** A host, in lower case, and a port, as they were asked for. */
interface HostAndPort {
  readonly host: string;
  readonly port: string;
}

type TextMatch = Extract<VmSearch, { kind: "text" }>["match"];

/**
 * Parses a text whose kind is not stated. It tries in this order: an id, a MAC, a prefix, an address, else a part of a
 * name. It refuses an impossible prefix, because nothing has a name like `10.0.0.1/8`. Quotation marks, commas and `*` around it
 * come from where it was copied.
 */
export function parseFindText(given: string): FindTarget {
  const unquoted = parseText("text", given).replace(QUOTES_AROUND, "");
  if (unquoted === "") {
    throw createGraphError(
      "BAD_USER_INPUT",
      "text: is blank; an address, a prefix, a MAC, an id or a part of a name was expected",
    );
  }
  const text = unquoted.replace(AROUND, "") || unquoted;
  const id = parseUuid(text);
  if (id !== null) return { kind: "ID", text: id, names: isUuid(text) ? [] : matchIfName(text) };
  const mac = normalizeMac(text);
  if (mac !== null) return { kind: "MAC", text: mac, names: matchIfName(text) };
  const cidr = parsePrefix(text);
  if (cidr !== null) return { kind: "CIDR", cidr };
  const { host, port } = takeHost(text);
  const address = normalizeAddress(host);
  if (address !== null) return { kind: "ADDRESS", text: address, port: port === null ? null : Number(port) };
  if (isBeginning(text)) return { kind: "NAME", names: [matchPart(text)], at: null };
  const at = port === null ? null : { host: host.replace(/\.$/, "").toLowerCase(), port };
  return { kind: "NAME", names: matchHostName(host), at };
}

const QUOTES_AROUND = /^[\s"'`]+|[\s"'`,;]+$/g;
const AROUND = /^[\s*"'`]+|[\s*"'`,;]+$/g;

/** Matches an id or a MAC that may be a part of a name as well: it has no colons, braces and blanks. */
function matchIfName(text: string): TextMatch[] {
  return /[:{}\s]/.test(text) ? [] : [matchPart(text)];
}

/** Matches a part of a name. A dot at its end may belong to the name, or end a complete name in the DNS. */
function matchHostName(host: string): TextMatch[] {
  const [, complete] = /^(.*[^.])\.$/.exec(host) ?? [];
  const whole = matchPart(host);
  return complete === undefined ? [whole] : [whole, { parts: ["", complete], ignoreCase: true }];
}

function matchPart(part: string): TextMatch {
  return { parts: ["", part, ""], ignoreCase: true };
}

/** Parses a prefix. Its address may have brackets; a mask instead of a length is refused, with the form that is understood. */
function parsePrefix(text: string): Cidr | null {
  const [, address = "", length = ""] = /^\[?([^/[\]]+)\]?\/([\d.]+)$/.exec(text) ?? [];
  if (parseAddress(address) === null) return null;
  try {
    return parseCidr(`${address}/${length}`);
  } catch (error) {
    if (!(error instanceof CidrError)) throw error;
    throw createGraphError("BAD_USER_INPUT", `text: ${JSON.stringify(text)} ${error.message}`);
  }
}

/** Builds the filter of the VMs that a text leads to. */
export function buildTargetFilter(target: FindTarget): VmFilter {
  switch (target.kind) {
    case "ID":
      if (target.names.length === 0) return { ids: [target.text] };
      return searchAny([{ kind: "id", id: target.text }, ...searchNames(target.names)]);
    case "ADDRESS":
      return searchAddress(target.text);
    case "CIDR":
      return { search: { kind: "inCidr", cidr: target.cidr } };
    case "MAC": {
      const mac = { kind: "mac", mac: target.text } as const;
      return target.names.length === 0 ? { search: mac } : searchAny([mac, ...searchNames(target.names)]);
    }
    case "NAME":
      return searchAny(searchNames(target.names));
  }
}

/** An address that is mapped into IPv6 equals the IPv4 address, whichever of both the guest reports. */
function searchAddress(address: string): VmFilter {
  const addresses = listEquivalentAddresses(address);
  return addresses.length > 1 ? { search: { kind: "addresses", addresses } } : { ip: address };
}

function searchAny(parts: readonly VmSearch[]): VmFilter {
  return { search: { kind: "or", parts } };
}

function searchNames(names: readonly TextMatch[]): VmSearch[] {
  return names.flatMap((match) => [
    { kind: "text", key: "name", match },
    { kind: "text", key: "fqdn", match },
  ]);
}

/** Loads the vNICs with the id or the MAC, sorted by name. */
export async function loadTargetNics(loaders: Loaders, target: FindTarget): Promise<readonly Nic[]> {
  if (target.kind === "MAC") return loaders.nicsByMac.load(target.text);
  if (target.kind !== "ID") return [];
  const nic = await loaders.nicById.load(target.text);
  return nic === null ? [] : [nic];
}

/**
 * Loads the hosts with the id, the address, or a part of the name, sorted by name. If the text has a port, and hosts are asked at it,
 * these alone.
 */
export async function loadTargetHosts(loaders: Loaders, target: FindTarget): Promise<readonly HostRow[]> {
  switch (target.kind) {
    case "CIDR":
      return [];
    case "ADDRESS": {
      const wanted: readonly (string | null)[] = listEquivalentAddresses(target.text);
      const hosts = await loaders.loadHosts();
      const found = hosts.filter(({ address }) => wanted.includes(normalizeAddress(takeHost(address).host)));
      return prefer(found, ({ address }) => Number(takeHost(address).port) === target.port);
    }
    case "NAME": {
      const { names, at } = target;
      const found = (await loaders.loadHosts()).filter((host) => isNamed(host, names));
      return at === null ? found : prefer(found, (host) => isAt(host, at));
    }
    case "ID":
    case "MAC":
      return loadHostsOfKey(loaders, target);
  }
}

async function loadHostsOfKey(
  loaders: Loaders,
  { kind, text, names }: Extract<FindTarget, { kind: "ID" | "MAC" }>,
): Promise<readonly HostRow[]> {
  const id = kind === "ID" ? text : null;
  if (names.length > 0) {
    return (await loaders.loadHosts()).filter((host) => host.id === id || isNamed(host, names));
  }
  const host = id === null ? null : await loaders.hostById.load(id);
  return host === null ? [] : [host];
}

/** Tells whether a host with exactly this name or address is asked at the port. */
function isAt({ name, address }: HostRow, { host, port }: HostAndPort): boolean {
  const own = takeHost(address);
  return own.port === port && [name, own.host].some((each) => each.toLowerCase() === host);
}

/** Returns the items that meet the condition, or all of them if none does. */
function prefer<Item>(items: readonly Item[], condition: (item: Item) => boolean): readonly Item[] {
  const preferred = items.filter(condition);
  return preferred.length === 0 ? items : preferred;
}

function isNamed({ name, address }: HostRow, names: readonly TextMatch[]): boolean {
  const texts = [name, address, takeHost(address).host].map((text) => text.toLowerCase());
  return names.some(({ parts: [, part = "", ...rest] }) =>
    texts.some((text) =>
      rest.length > 0 ? text.includes(part.toLowerCase()) : text.endsWith(part.toLowerCase()),
    ),
  );
}
