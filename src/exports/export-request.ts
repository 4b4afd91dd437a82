import { CidrError, mayHaveFamily, parseCidr, type Cidr, type IpFamily } from "../model/address/cidr.js";
import { normalizeMac } from "../model/address/mac.js";
import type { PrimaryAddressQuestion } from "../model/address/primary-address.js";
import { FilterTextError } from "../model/filter-text-error.js";
import { VM_STATUS } from "../model/guest/vm-status.js";
import type { VmFilter, VmSearch } from "../loaders/rows.js";
import { searchPrefix } from "../loaders/search-prefix.js";
import { FORMATS, type FormatName } from "./formats.js";

/** An export was asked for with a wrong format or parameter. The message names the parameter and what is wrong with it. */
export class ExportRequestError extends Error {
  override readonly name = "ExportRequestError";
  readonly extensions = { code: "BAD_USER_INPUT" };

  constructor(
    readonly parameter: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${parameter}: ${reason}`, options);
  }
}

/** The parameters of an export. Their values are texts. */
export const EXPORT_PARAMETERS = [
  ...(["name", "host", "network", "family", "within", "mac", "status"] as const),
  ...(["filter", "port"] as const),
] as const;

/** What is exported, and how. */
export interface ExportRequest {
  readonly format: FormatName;
  readonly filter: VmFilter;
  /** Which of a VM's addresses is wanted: one of the family and in the prefix, and rather one on the network, by which VMs are chosen. */
  readonly primary: PrimaryAddressQuestion;
  /** The port of Prometheus' targets. */
  readonly port: number;
}

/** Where Prometheus' node exporter listens. */
const NODE_EXPORTER_PORT = 9100;

/**
 * Reads the graph's filter of VMs from JSON; throws {@link FilterTextError}, also if it cannot hold together with the conditions
 * beside it.
 */
export type ReadFilter = (text: string, beside: readonly VmSearch[]) => VmFilter;

/**
 * Parses the format and the parameters of an export. Unknown parameters are refused, because an ignored filter would
 * show too much.
 */
export function parseExportRequest(
  format: string,
  given: Readonly<Record<string, unknown>>,
  readFilter: ReadFilter,
): ExportRequest {
  if (!Object.hasOwn(FORMATS, format)) {
    throw new ExportRequestError("format", `${quote(format)} is none of ${Object.keys(FORMATS).join(", ")}`);
  }
  const values = new Map(Object.entries(given).map(([name, value]) => [name, parseText(name, value)]));
  const find = (name: (typeof EXPORT_PARAMETERS)[number]) => values.get(name) ?? null;
  const [name, host, network, within] = [find("name"), find("host"), find("network"), find("within")];
  const [mac, status, filterText] = [find("mac"), find("status"), find("filter")];
  const cidr = within === null ? null : parseWithin(within);
  const family = parseFamily(find("family"), cidr);
  const beside: VmSearch[] = [
    ...(name === null ? [] : [{ kind: "text", key: "name", match: matchPart(name) } as const]),
    ...(host === null ? [] : [{ kind: "text", key: "host", match: matchWholeText(host) } as const]),
    ...(network === null ? [] : [{ kind: "network", match: matchWholeText(network) } as const]),
    ...(cidr === null && family === null ? [] : [searchPrefix(cidr, family)]),
    ...(mac === null ? [] : [parseMacSearch(mac)]),
    ...(status === null ? [] : [{ kind: "status", statuses: status.split(",").map(parseStatus) } as const]),
  ];
  const filter = filterText === null ? {} : parseFilter(filterText, beside, readFilter);
  const parts = [...(filter.search === undefined ? [] : [filter.search]), ...beside];
  return {
    format: format as FormatName,
    filter: {
      ...filter,
      ...(parts.length > 0 && { search: { kind: "and", parts } }),
    },
    primary: { family, network, within: cidr },
    port: parsePort(find("port")),
  };
}

function parseText(name: string, value: unknown): string {
  if (!(EXPORT_PARAMETERS as readonly string[]).includes(name)) {
    throw new ExportRequestError(quote(name), `no such parameter; there are ${EXPORT_PARAMETERS.join(", ")}`);
  }
  if (typeof value !== "string") throw new ExportRequestError(name, "must be given once");
  const most = name === "filter" ? MOST_OF_FILTER : MOST_OF_TEXT;
  if (value.length > most || value.includes("\0") || value === "") {
    throw new ExportRequestError(name, `must have from 1 to ${most} characters, none of them NUL`);
  }
  return value;
}

const MOST_OF_TEXT = 255;
/**
 * Characters of the longest filter. It has room for all conditions that one may have, in a URL that servers and proxies
 * accept.
 */
const MOST_OF_FILTER = 8_000;

function parseFilter(text: string, beside: readonly VmSearch[], readFilter: ReadFilter): VmFilter {
  try {
    return readFilter(text, beside);
  } catch (error) {
    if (!(error instanceof FilterTextError)) throw error;
    throw new ExportRequestError("filter", error.message, { cause: error });
  }
}

function parseWithin(text: string) {
  try {
    return parseCidr(text);
  } catch (error) {
    if (!(error instanceof CidrError)) throw error;
    throw new ExportRequestError("within", `${quote(text)} ${error.message}`);
  }
}

function parseFamily(text: string | null, within: Cidr | null): IpFamily | null {
  if (text === null) return null;
  const family = FAMILIES.get(text.toUpperCase());
  if (family === undefined) {
    throw new ExportRequestError("family", `${quote(text)} is none of ${[...FAMILIES.keys()].join(", ")}`);
  }
  if (within === null || mayHaveFamily(within, family)) return family;
  throw new ExportRequestError("family", "the prefix in within is not of this family; leave one of them out");
}

const FAMILIES: ReadonlyMap<string, IpFamily> = new Map([
  ["IPV4", 4],
  ["IPV6", 6],
]);

/**
 * Returns whether only what the log gets can change which VMs a filter finds. The log does not get how hosts do, nor that time
 * goes by, and staleness goes by both; nor that another host says that it runs a VM.
 */
export function isFoundByLog({ search }: VmFilter): boolean {
  return search === undefined || isSearchedByLog(search);
}

function isSearchedByLog(search: VmSearch): boolean {
  switch (search.kind) {
    case "and":
    case "or":
      return search.parts.every(isSearchedByLog);
    case "not":
      return isSearchedByLog(search.part);
    default:
      return search.kind !== "staleReason" && search.kind !== "onTwoHosts";
  }
}

/** Parses a MAC into a search that finds a VM by its vNIC's MAC or its guest's. */
function parseMacSearch(text: string): VmSearch {
  const mac = normalizeMac(text);
  if (mac === null) throw new ExportRequestError("mac", `${quote(text)} is no MAC`);
  return {
    kind: "or",
    parts: [
      { kind: "nicMac", mac },
      { kind: "guestMac", mac },
    ],
  };
}

function parseStatus(text: string): number {
  const number = Object.hasOwn(VM_STATUS, text) ? VM_STATUS[text as keyof typeof VM_STATUS] : undefined;
  if (number !== undefined) return number;
  throw new ExportRequestError("status", `${quote(text)} is none of ${Object.keys(VM_STATUS).join(", ")}`);
}

function parsePort(text: string | null): number {
  if (text === null) return NODE_EXPORTER_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new ExportRequestError("port", `${quote(text)} is no number from 1 to 65535`);
}

function matchPart(text: string) {
  return { parts: ["", text, ""], ignoreCase: true };
}

function matchWholeText(text: string) {
  return { parts: [text], ignoreCase: true };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
