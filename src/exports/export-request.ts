import { CidrError, parseCidr } from "../model/address/cidr.js";
import { normalizeMac } from "../model/address/mac.js";
import { VM_STATUS } from "../model/guest/vm-status.js";
import type { VmFilter, VmSearch } from "../loaders/rows.js";
import { FORMATS, type FormatName } from "./formats.js";

/** An export is asked for in a way that it cannot be; the message names what is wrong. */
export class ExportRequestError extends Error {
  override readonly name = "ExportRequestError";
  readonly extensions = { code: "BAD_USER_INPUT" };
}

/** What of an export can be chosen, as texts. */
export const EXPORT_PARAMETERS = ["name", "host", "network", "within", "mac", "status", "port"] as const;

/** What is exported, and how. */
export interface ExportRequest {
  readonly format: FormatName;
  readonly filter: VmFilter;
  /** The port of Prometheus' targets. */
  readonly port: number;
}

/** Where Prometheus' node exporter listens. */
const NODE_EXPORTER_PORT = 9100;

/** Parses what is asked of an export. Unknown parameters are refused: an ignored filter would show too much. */
export function parseExportRequest(format: string, given: Readonly<Record<string, unknown>>): ExportRequest {
  if (!Object.hasOwn(FORMATS, format)) {
    throw new ExportRequestError(`format: ${quote(format)} is none of ${Object.keys(FORMATS).join(", ")}`);
  }
  const values = new Map(Object.entries(given).map(([name, value]) => [name, parseText(name, value)]));
  const find = (name: (typeof EXPORT_PARAMETERS)[number]) => values.get(name) ?? null;
  const [name, host, network, within] = [find("name"), find("host"), find("network"), find("within")];
  const mac = find("mac");
  const parts: VmSearch[] = [
    ...(name === null ? [] : [{ kind: "text", key: "name", match: containing(name) } as const]),
    ...(host === null ? [] : [{ kind: "text", key: "host", match: whole(host) } as const]),
    ...(network === null ? [] : [{ kind: "network", match: whole(network) } as const]),
    ...(within === null ? [] : [{ kind: "inCidr", cidr: parseWithin(within) } as const]),
    ...(mac === null ? [] : [parseMacSearch(mac)]),
  ];
  const status = find("status");
  return {
    format: format as FormatName,
    filter: {
      ...(status !== null && { statuses: status.split(",").map(parseStatus) }),
      ...(parts.length > 0 && { search: { kind: "and", parts } }),
    },
    port: parsePort(find("port")),
  };
}

function parseText(name: string, value: unknown): string {
  if (!(EXPORT_PARAMETERS as readonly string[]).includes(name)) {
    throw new ExportRequestError(
      `${quote(name)}: no such parameter; there are ${EXPORT_PARAMETERS.join(", ")}`,
    );
  }
  if (typeof value !== "string") throw new ExportRequestError(`${name}: must be given once`);
  if (value.length > 255 || value.includes("\0") || value === "") {
    throw new ExportRequestError(`${name}: must have from 1 to 255 characters, none of them NUL`);
  }
  return value;
}

function parseWithin(text: string) {
  try {
    return parseCidr(text);
  } catch (error) {
    if (!(error instanceof CidrError)) throw error;
    throw new ExportRequestError(`within: ${quote(text)} ${error.message}`);
  }
}

/** The vNIC's MAC or the guest's: either finds the VM. */
function parseMacSearch(text: string): VmSearch {
  const mac = normalizeMac(text);
  if (mac === null) throw new ExportRequestError(`mac: ${quote(text)} is no MAC`);
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
  throw new ExportRequestError(`status: ${quote(text)} is none of ${Object.keys(VM_STATUS).join(", ")}`);
}

function parsePort(text: string | null): number {
  if (text === null) return NODE_EXPORTER_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new ExportRequestError(`port: ${quote(text)} is no number from 1 to 65535`);
}

function containing(text: string) {
  return { parts: ["", text, ""], ignoreCase: true };
}

function whole(text: string) {
  return { parts: [text], ignoreCase: true };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
