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
import { isUuid } from "../../../model/uuid.js";
import { createGraphError } from "../../errors.js";
import { parseText } from "../arguments.js";

/** What a text is taken for, and its value in the form that comparisons need. */
export type FindTarget =
  | { readonly kind: "ADDRESS" | "ID" | "NAME"; readonly text: string }
  /** `name`: the same text as a part of a name, if it may be one; `null`: it has colons or blanks. */
  | { readonly kind: "MAC"; readonly text: string; readonly name: string | null }
  | { readonly kind: "CIDR"; readonly cidr: Cidr };

/**
 * Parses a text whose kind is not stated. It tries in this order: an id, a MAC, an address, a prefix, else a part of a
 * name. It refuses an impossible prefix, because nothing has a name like `10.0.0.1/8`. Quotation marks, commas and `*` around it
 * come from where it was copied.
 */
export function parseFindText(given: string): FindTarget {
  const whole = parseText("text", given).trim();
  const text = whole.replace(AROUND, "") || whole;
  if (text === "") {
    throw createGraphError(
      "BAD_USER_INPUT",
      "text: is blank; an address, a prefix, a MAC, an id or a part of a name was expected",
    );
  }
  const id = text.replace(/^(?:urn:uuid:)?\{?([^{}]+)\}?$/i, "$1");
  if (isUuid(id)) return { kind: "ID", text: id.toLowerCase() };
  const mac = normalizeMac(text);
  if (mac !== null) return { kind: "MAC", text: mac, name: /[:\s]/.test(text) ? null : text };
  const host = takeHost(text);
  const address = normalizeAddress(host);
  if (address !== null) return { kind: "ADDRESS", text: address };
  const cidr = parsePrefix(text);
  return cidr === null ? { kind: "NAME", text } : { kind: "CIDR", cidr };
}

const AROUND = /^[\s*"'`]+|[\s*"'`,;]+$/g;

/** Takes the host from `10.0.0.1:22`, `[2001:db8::1]:443` and `https://me@10.0.0.1/path`. A text of another form stays as it is. */
function takeHost(text: string): string {
  const host = text.replace(/^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]*).*$/i, "$1").replace(/\/$/, "");
  const [, inBrackets] = /^\[([^[\]]+)\](?::\d{1,5})?$/.exec(host) ?? [];
  return inBrackets ?? host.replace(/^(\d+(?:\.\d+){3}):\d{1,5}$/, "$1");
}

function parsePrefix(text: string): Cidr | null {
  const [, address = ""] = /^([^/]+)\/\d+$/.exec(text) ?? [];
  if (parseAddress(address) === null) return null;
  try {
    return parseCidr(text);
  } catch (error) {
    if (!(error instanceof CidrError)) throw error;
    throw createGraphError("BAD_USER_INPUT", `text: ${JSON.stringify(text)} ${error.message}`);
  }
}

/** Builds the filter of the VMs that a text leads to. */
export function buildTargetFilter(target: FindTarget): VmFilter {
  switch (target.kind) {
    case "ID":
      return { ids: [target.text] };
    case "ADDRESS":
      // An address that is mapped into IPv6 equals the IPv4 address, whichever of both the guest reports.
      return listEquivalentAddresses(target.text).length > 1
        ? { search: { kind: "addresses", addresses: [target.text] } }
        : { ip: target.text };
    case "CIDR":
      return { search: { kind: "inCidr", cidr: target.cidr } };
    case "MAC": {
      const mac = { kind: "mac", mac: target.text } as const;
      return {
        search: target.name === null ? mac : { kind: "or", parts: [mac, ...searchNames(target.name)] },
      };
    }
    case "NAME":
      return { search: { kind: "or", parts: searchNames(target.text) } };
  }
}

function searchNames(part: string): VmSearch[] {
  const match = { parts: ["", part, ""], ignoreCase: true };
  return [
    { kind: "text", key: "name", match },
    { kind: "text", key: "fqdn", match },
  ];
}

/** Loads the vNICs with the id or the MAC, sorted by name. */
export async function loadTargetNics(loaders: Loaders, target: FindTarget): Promise<readonly Nic[]> {
  if (target.kind === "MAC") return loaders.nicsByMac.load(target.text);
  if (target.kind !== "ID") return [];
  const nic = await loaders.nicById.load(target.text);
  return nic === null ? [] : [nic];
}

/** Loads the hosts with the id, the address, or a part of the name, sorted by name. */
export async function loadTargetHosts(loaders: Loaders, target: FindTarget): Promise<readonly HostRow[]> {
  const name = target.kind === "NAME" ? target.text : target.kind === "MAC" ? target.name : null;
  if (target.kind === "ID") {
    const host = await loaders.hostById.load(target.text);
    return host === null ? [] : [host];
  }
  if (target.kind === "ADDRESS") {
    const wanted: readonly (string | null)[] = listEquivalentAddresses(target.text);
    return (await loaders.loadHosts()).filter(({ address }) => wanted.includes(readHostAddress(address)));
  }
  if (name === null) return [];
  const hosts = await loaders.loadHosts();
  return hosts.filter((host) => contains(host.name, name) || contains(host.address, name));
}

/** Reads the normalized address of `host:port`; `null` if the host is a name. */
function readHostAddress(hostAndPort: string): string | null {
  const host = hostAndPort.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return normalizeAddress(host);
}

function contains(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}
