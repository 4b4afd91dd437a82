import type { FastifyRequest } from "fastify";
import { OvirtFaultError } from "../fault.js";

/** Reads a parameter of the query string; `null` if it is not given. */
export function readParameter(request: FastifyRequest, name: string): string | null {
  return refuseControls(readOnce(request, name), name);
}

/** Reads a parameter of several words. Tabs and line breaks between them are blanks: searches come from YAML files. */
export function readWords(request: FastifyRequest, name: string): string | null {
  return refuseControls(readOnce(request, name)?.replaceAll(/[\t\r\n]/g, " ") ?? null, name);
}

function readOnce(request: FastifyRequest, name: string): string | null {
  const value = (request.query as Readonly<Record<string, string | readonly string[] | undefined>>)[name];
  if (value === undefined) return null;
  if (typeof value !== "string") throw new OvirtFaultError(400, `${name}: given more than once`);
  return value;
}

function refuseControls(value: string | null, name: string): string | null {
  if (value !== null && /\p{Cc}|\p{Cs}/u.test(value))
    throw new OvirtFaultError(400, `${name}: holds characters that nothing is called by`);
  return value;
}

/** Reads a whole number that is not lower than `least`. */
export function readWholeNumber(request: FastifyRequest, name: string, least: 0 | 1): number | null {
  const text = readParameter(request, name);
  if (text === null) return null;
  if (!/^(?:0|[1-9]\d*)$/.test(text) || Number(text) < least)
    throw new OvirtFaultError(400, `${name}: expected a whole number from ${least}`);
  if (Number(text) > GREATEST) throw new OvirtFaultError(400, `${name}: the greatest number is ${GREATEST}`);
  return Number(text);
}

/** The greatest number of an engine, by which clients ask for all there is. */
const GREATEST = 2_147_483_647;

/** Reads `true` or `false`, in any word that an engine takes. The name without a value means `true`. `label` is its name in the fault. */
export function readBoolean(request: FastifyRequest, name: string, label = name): boolean | null {
  return parseBoolean(readParameter(request, name), label);
}

/**
 * Refuses what would otherwise be ignored: a parameter that the route does not have, such as a misspelt one, and
 * another version of the API.
 */
export function refuseUnknown(request: FastifyRequest, known: readonly string[]): void {
  const { version } = request.headers;
  if (version !== undefined && version !== "4")
    throw new OvirtFaultError(400, "Version: only version 4 of the API is spoken here");
  readBoolean(request, "filter");
  for (const name of Object.keys(request.query as object)) {
    if (known.includes(name) || WITHOUT_EFFECT.includes(name)) continue;
    const may = known.length === 0 ? "none are" : `${known.join(", ")} are`;
    throw new OvirtFaultError(400, `${name.slice(0, 100)}: no parameter of this path; ${may}`);
  }
}

/** Parameters of oVirt's clients that change nothing here: viewers always see what they may see, and only the present. */
const WITHOUT_EFFECT = ["filter", "all_content", "current", "next_run", "ovf_as_ova", "correlation_id", "_"];

/** Tells whether the client wants `guest_info`: by the header of the feature page, or the parameter of the same name. */
export function wantsAllContent(request: FastifyRequest): boolean {
  const header = request.headers["all-content"];
  const wanted =
    typeof header === "string"
      ? parseBoolean(header, "All-Content")
      : readBoolean(request, "all_content", "All-Content");
  return wanted ?? false;
}

function parseBoolean(text: string | null, label: string): boolean | null {
  if (text === null) return null;
  const word = text.trim().toLowerCase();
  if (/^(?:t(?:rue)?|y(?:es)?|1)?$/.test(word)) return true;
  if (/^(?:f(?:alse)?|no?|0)$/.test(word)) return false;
  throw new OvirtFaultError(400, `${label}: expected true or false`);
}
