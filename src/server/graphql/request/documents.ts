import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { HttpError } from "../../errors.js";
import { ConfigError } from "../../../model/config-error.js";
import { hasLongWord, measureBracketDepth } from "./bracket-depth.js";
import { LONGEST_NAME } from "./json-depth.js";
import type { Limits } from "../../../model/limits.js";

/** The parameters of a GraphQL request, as the client sent them. */
export type RequestParameters = Readonly<Record<string, unknown>>;

/**
 * Checks a request's document before it is parsed. Returns the parameters to execute; throws an HttpError if it may not
 * run.
 */
export type DocumentGate = (parameters: RequestParameters) => RequestParameters;

/** Creates a gate that lets every document run that is small and flat enough to be parsed. */
export function createDocumentGate(
  limits: Limits,
  listed: ReadonlyMap<string, string> = new Map(),
): DocumentGate {
  return (given) => {
    const parameters = putListedQuery(given, listed);
    checkText(parameters["query"], limits);
    checkPersistedQuery(parameters);
    return parameters;
  };
}

/** Replaces the hash of an operation that the server itself lists by the operation's text. */
function putListedQuery(
  parameters: RequestParameters,
  listed: ReadonlyMap<string, string>,
): RequestParameters {
  if (parameters["query"] != null) return parameters;
  const { extensions, ...rest } = parameters;
  const text = listed.get(findPersistedHash(extensions) ?? "");
  return text === undefined ? parameters : { ...rest, query: text };
}

/**
 * Creates a gate that lets only listed documents run. A client names one by its hash (`extensions.persistedQuery` or
 * `documentId`), or sends exactly its text.
 */
export function createTrustedDocumentGate(trusted: ReadonlyMap<string, string>): DocumentGate {
  return (parameters) => {
    const { extensions, documentId, query, ...rest } = parameters;
    const hash =
      parseHash(documentId) ??
      findPersistedHash(extensions) ??
      (typeof query === "string" ? hashQuery(query) : null);
    const listed = hash === null ? undefined : trusted.get(hash);
    if (listed !== undefined && (query == null || query === listed)) return { ...rest, query: listed };
    throw new HttpError(
      403,
      "DOCUMENT_NOT_TRUSTED",
      "This server runs only the operations that its operator listed.",
    );
  };
}

/** Reads TRUSTED_DOCUMENTS_FILE: a JSON list of operations, or a map from their SHA-256 to them. */
export async function readTrustedDocuments(path: string): Promise<Map<string, string>> {
  const file = `TRUSTED_DOCUMENTS_FILE: ${path}`;
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`${file} cannot be read; check the path and its permissions`, { cause });
  });
  const content = parseJsonFile(text, file);
  const isList = Array.isArray(content);
  const entries = typeof content === "object" && content !== null ? Object.entries(content) : [];
  if (entries.length === 0)
    throw new ConfigError(`${file} lists no operation; every request would be refused`);
  return new Map(
    entries.map(([key, query]: [string, unknown]) => {
      if (typeof query !== "string")
        throw new ConfigError(`${file}: the entry ${key} is not text; write operations as strings`);
      const hash = hashQuery(query);
      if (!isList && key.replace(/^sha256:/, "") !== hash) {
        throw new ConfigError(`${file}: ${key} is not the SHA-256 of its operation, which is ${hash}`);
      }
      return [hash, query];
    }),
  );
}

function parseJsonFile(text: string, file: string): unknown {
  try {
    // Some editors begin UTF-8 with a mark, which JSON does not know.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new ConfigError(
      `${file} is no JSON; it must be a list of operations, or a map from SHA-256 to operation`,
      { cause },
    );
  }
}

function checkText(query: unknown, limits: Limits): void {
  if (typeof query !== "string") return;
  if (query.length > limits.documentCharacters) {
    throw new HttpError(
      400,
      "DOCUMENT_TOO_LARGE",
      `The query has more than ${limits.documentCharacters} characters.`,
    );
  }
  if (hasLongWord(query)) {
    throw new HttpError(
      400,
      "DOCUMENT_TOO_LARGE",
      `The query has a name of more than ${LONGEST_NAME} characters.`,
    );
  }
  if (measureBracketDepth(query) > limits.bracketDepth) {
    throw new HttpError(
      400,
      "TOO_DEEP",
      `The query nests brackets deeper than ${limits.bracketDepth} levels.`,
    );
  }
}

/**
 * Refuses a persisted query whose hash is malformed, or is not the hash of its text. Apollo would report these as
 * errors of its own.
 */
function checkPersistedQuery({ query, extensions }: RequestParameters): void {
  const persisted = readMember(extensions, "persistedQuery");
  if (persisted === undefined || persisted === null) return;
  const hash = findPersistedHash(extensions);
  if (readMember(persisted, "version") !== 1 || hash === null) {
    throw createPersistedQueryError("needs version 1 and a sha256Hash of 64 hexadecimal digits");
  }
  if (typeof query === "string" && hashQuery(query) !== hash)
    throw createPersistedQueryError("has another hash than the query");
}

function createPersistedQueryError(what: string): HttpError {
  return new HttpError(400, "PERSISTED_QUERY_INVALID", `extensions.persistedQuery ${what}.`);
}

function findPersistedHash(extensions: unknown): string | null {
  return parseHash(readMember(readMember(extensions, "persistedQuery"), "sha256Hash"));
}

function parseHash(value: unknown): string | null {
  return typeof value === "string" ? (/^(?:sha256:)?([0-9a-f]{64})$/.exec(value)?.[1] ?? null) : null;
}

function readMember(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function hashQuery(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
