import { HttpError } from "../../errors.js";
import type { RequestParameters } from "./documents.js";
import { parseJson } from "./request-reader.js";

const TEXTS = ["query", "operationName", "documentId"] as const;
const MAPS = ["variables", "extensions"] as const;

/** Parses the parameters of a GET request, by the rules for a body: each at most once, maps as JSON. */
export function parseSearchParameters(search: string, jsonDepth: number): RequestParameters {
  const given = new URLSearchParams(search);
  const parameters: Record<string, unknown> = {};
  for (const name of TEXTS) {
    const text = readOnce(given, name);
    if (text !== null) parameters[name] = text;
  }
  for (const name of MAPS) {
    const text = readOnce(given, name);
    const value = text === null || text === "" ? null : parseJson(text, jsonDepth, `The parameter ${name}`);
    if (value !== null) parameters[name] = value;
  }
  return parameters;
}

/** Formats the same parameters as a query string, for Apollo to read. */
export function formatSearchParameters(parameters: RequestParameters): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    search.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return `?${search.toString()}`;
}

function readOnce(given: URLSearchParams, name: string): string | null {
  const values = given.getAll(name);
  if (values.length > 1)
    throw new HttpError(400, "BAD_REQUEST", `The parameter ${name} is given more than once.`);
  return values[0] ?? null;
}
