import type { Loaders } from "../../../loaders/loaders.js";
import type { HostRow, Nic, VmFilter, VmSearch } from "../../../loaders/rows.js";
import { CidrError, parseAddress, parseCidr, type Cidr } from "../../../model/address/cidr.js";
import { normalizeIPv4, normalizeIPv6 } from "../../../model/address/ip.js";
import { normalizeMac } from "../../../model/address/mac.js";
import { isUuid } from "../../../model/uuid.js";
import { createGraphError } from "../../errors.js";
import { parseText } from "../arguments.js";

/** What a text is taken for, and its value in the form in which it is compared. */
export type Sought =
  | { readonly kind: "ADDRESS" | "MAC" | "ID" | "NAME"; readonly text: string }
  | { readonly kind: "CIDR"; readonly cidr: Cidr };

/**
 * Parses a text of which nobody said what it is. In this order: an id, a MAC, an address, a prefix, else a part of a name.
 * A prefix that cannot be one is refused: nobody has a name like `10.0.0.1/8`.
 */
export function parseSought(given: string): Sought {
  const text = parseText("text", given).trim();
  if (text === "") {
    throw createGraphError(
      "BAD_USER_INPUT",
      "text: is blank; an address, a prefix, a MAC, an id or a part of a name was expected",
    );
  }
  if (isUuid(text)) return { kind: "ID", text: text.toLowerCase() };
  const mac = normalizeMac(text);
  if (mac !== null) return { kind: "MAC", text: mac };
  const address = normalizeIPv4(text) ?? normalizeIPv6(text);
  if (address !== null) return { kind: "ADDRESS", text: address };
  const cidr = parsePrefix(text);
  return cidr === null ? { kind: "NAME", text } : { kind: "CIDR", cidr };
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

/** Says which VMs are meant. */
export function findVmsSought(sought: Sought): VmFilter {
  switch (sought.kind) {
    case "ID":
      return { ids: [sought.text] };
    case "ADDRESS":
      return { ip: sought.text };
    case "CIDR":
      return { search: { kind: "inCidr", cidr: sought.cidr } };
    case "MAC":
      return { search: { kind: "mac", mac: sought.text } };
    case "NAME": {
      const match = { parts: ["", sought.text, ""], ignoreCase: true };
      const parts: VmSearch[] = [
        { kind: "text", key: "name", match },
        { kind: "text", key: "fqdn", match },
      ];
      return { search: { kind: "or", parts } };
    }
  }
}

/** Loads the vNICs with the id or the MAC that is meant, by name. */
export async function loadNicsSought(loaders: Loaders, sought: Sought): Promise<readonly Nic[]> {
  if (sought.kind === "MAC") return loaders.nicsByMac.load(sought.text);
  if (sought.kind !== "ID") return [];
  const nic = await loaders.nicById.load(sought.text);
  return nic === null ? [] : [nic];
}

/** Loads the hosts that are meant, by name: by id, by address, or by a part of the name. */
export async function loadHostsSought(loaders: Loaders, sought: Sought): Promise<readonly HostRow[]> {
  if (sought.kind === "MAC" || sought.kind === "CIDR") return [];
  if (sought.kind === "ID") {
    const host = await loaders.hostById.load(sought.text);
    return host === null ? [] : [host];
  }
  const hosts = await loaders.loadHosts();
  return sought.kind === "ADDRESS"
    ? hosts.filter(({ address }) => readHostAddress(address) === sought.text)
    : hosts.filter((host) => contains(host.name, sought.text) || contains(host.address, sought.text));
}

/** Reads the address of `host:port` in its one form; `null` for a name. */
function readHostAddress(hostAndPort: string): string | null {
  const host = hostAndPort.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return normalizeIPv4(host) ?? normalizeIPv6(host);
}

function contains(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}
