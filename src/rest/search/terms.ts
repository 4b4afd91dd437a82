import type { VmSearch, VmSort } from "../../loaders/rows.js";
import { listEquivalentAddresses } from "../../model/address/cidr.js";
import { normalizeAddress } from "../../model/address/ip.js";
import { normalizeUuid } from "../../model/uuid.js";
import { OvirtFaultError } from "../fault.js";
import { parseHostStatusName, parseStatusName } from "../elements/status-words.js";
import type { SearchedKind } from "./tokens.js";

/** Tells whether a search may compare a word with a value. */
export function isSearchKey(word: string, kind: SearchedKind): boolean {
  return findTerms(kind).has(word.toLowerCase());
}

/** Parses `key=value` of a search for things of a kind. */
export function parseTerm(
  { key, value }: { readonly key: string; readonly value: string },
  { kind, caseSensitive }: { readonly kind: SearchedKind; readonly caseSensitive: boolean },
): VmSearch {
  const parse = findTerms(kind).get(key.toLowerCase());
  if (parse === undefined) {
    const keys = kind === "vm" ? KEYS : kind === "host" ? "name, status, address and id" : NAMED_KEYS;
    throw new OvirtFaultError(400, `search: the key ${key.slice(0, 100)} is not known here; ${keys} are`);
  }
  return parse(value, caseSensitive) ?? refuseValue(key.toLowerCase(), value);
}

function findTerms(kind: SearchedKind): ReadonlyMap<string, ParseTerm> {
  return kind === "vm" ? TERMS : kind === "host" ? HOST_TERMS : NAMED_TERMS;
}

/** Parses a word without a key: any text of a VM may contain it. */
export function parseWord(word: string, caseSensitive: boolean): VmSearch {
  const parts = splitPattern(`*${word}*`);
  return { kind: "anyText", match: { parts, ignoreCase: !caseSensitive } };
}

/** Parses the key after `sortby`, of things of a kind. */
export function parseSortKey(key: string, kind: SearchedKind): VmSort["key"] {
  const [sortKeys, keys] = kind === "vm" ? [SORT_KEYS, KEYS] : [NAMED_SORT_KEYS, NAMED_KEYS];
  const known = sortKeys.get(key.toLowerCase());
  if (known !== undefined) return known;
  throw new OvirtFaultError(400, `search: cannot sort by ${key.slice(0, 100)}; ${keys} can be`);
}

type ParseTerm = (value: string, caseSensitive: boolean) => VmSearch | null;

function parseText(key: Extract<VmSearch, { kind: "text" }>["key"]): ParseTerm {
  return (value, caseSensitive) => ({
    kind: "text",
    key,
    match: { parts: splitPattern(value), ignoreCase: !caseSensitive },
  });
}

const parseHost = parseText("host");

const TERMS: ReadonlyMap<string, ParseTerm> = new Map<string, ParseTerm>([
  ["name", parseText("name")],
  ["status", parseStatus],
  ["host", parseHost],
  ["cluster", parseText("cluster")],
  ["id", parseId],
  ["fqdn", parseText("fqdn")],
  ["ip", parseAddress],
  // Other spellings of `host` that an engine accepts.
  ["on_host", parseHost],
  ["hosts", parseHost],
  ["host.name", parseHost],
  ["hosts.name", parseHost],
  ["host.id", parseHostId],
  ["hosts.id", parseHostId],
]);

/** The keys of clusters, templates and networks. */
const NAMED_TERMS: ReadonlyMap<string, ParseTerm> = new Map<string, ParseTerm>([
  ["name", parseText("name")],
  ["id", parseId],
]);

/** The keys of hosts. What a VM has as its host, a host has as its address. */
const HOST_TERMS: ReadonlyMap<string, ParseTerm> = new Map<string, ParseTerm>([
  ...NAMED_TERMS,
  ["status", parseHostStatus],
  ["address", parseHost],
]);

const KEYS = "name, status, host, cluster, id, fqdn and ip";
const NAMED_KEYS = "name and id";

/** What all but VMs can be sorted by. */
const NAMED_SORT_KEYS: ReadonlyMap<string, VmSort["key"]> = new Map<string, VmSort["key"]>([
  ["name", "name"],
  ["id", "id"],
]);

const SORT_KEYS: ReadonlyMap<string, VmSort["key"]> = new Map<string, VmSort["key"]>([
  ...NAMED_SORT_KEYS,
  ["status", "status"],
  ["host", "host"],
  ["on_host", "host"],
  ["cluster", "cluster"],
  ["fqdn", "fqdn"],
  ["ip", "ip"],
]);

function parseStatus(value: string): VmSearch | null {
  const statuses = parseStatusName(value);
  return statuses === null ? null : { kind: "status", statuses };
}

function parseHostStatus(value: string): VmSearch | null {
  const status = parseHostStatusName(value);
  return status === null ? null : { kind: "status", statuses: [status] };
}

function parseHostId(value: string): VmSearch | null {
  const id = normalizeUuid(value);
  return id === null ? null : { kind: "hostId", id };
}

function parseId(value: string): VmSearch | null {
  const id = normalizeUuid(value);
  return id === null ? null : { kind: "id", id };
}

function parseAddress(value: string): VmSearch | null {
  if (value.includes("*")) {
    const isPattern = /^[0-9a-f.:*]+$/i.test(value);
    return isPattern ? { kind: "addressPattern", parts: splitPattern(value.toLowerCase()) } : null;
  }
  const address = normalizeAddress(value);
  if (address === null) return null;
  // An IPv4 address also finds guests that report it mapped into IPv6.
  const addresses = listEquivalentAddresses(address);
  return addresses.length > 1 ? { kind: "addresses", addresses } : { kind: "address", address };
}

/** Splits a pattern at its stars. Each `*` stands for any characters; several in a row mean the same as one. */
function splitPattern(value: string): readonly string[] {
  return value.replaceAll(/\*+/g, "*").split("*");
}

function refuseValue(key: string, value: string): never {
  throw new OvirtFaultError(400, `search: ${key} has no value ${value.slice(0, 100)}`);
}
