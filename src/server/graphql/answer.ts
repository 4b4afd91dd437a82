import type { HTTPGraphQLResponse } from "@apollo/server";
import { countCharacters, encodePieces, weighPieces, type TextPieces } from "../../model/text-pieces.js";
import { INTERNAL } from "../errors.js";
import type { ServerOptions } from "../options.js";
import type { FastBody } from "./fast-answers.js";
import type { RequestState } from "./request-state.js";

/** An answer that is ready to be sent. */
export interface Answer {
  /** `query` or `mutation`; `null` if there was no operation. */
  readonly kind: string | null;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A large text is in pieces, which are encoded when they are sent. */
  readonly body: string | Buffer | TextPieces;
  readonly codes: readonly string[];
  /** Tells whether the same question has the same answer now; `null`: nobody knows. */
  readonly stillHolds: (() => boolean) | null;
}

/** Makes the answer of the fast path, which is always a good one. */
export function createFastAnswer(
  { contentType, data, stillHolds }: FastBody,
  options: ServerOptions,
  state: RequestState,
): Answer {
  return {
    kind: state.kind,
    status: 200,
    headers: { "cache-control": formatCacheControl(options, state), "content-type": contentType },
    body: toPiecesBody(['{"data":', ...data, "}\n"]),
    codes: state.codes,
    stillHolds,
  };
}

/**
 * Leaves a short text as it is: Node then sends it together with the head, in one piece. A long one is converted once, however
 * often it is sent.
 */
function toBody(text: string): string | Buffer {
  return text.length <= MOST_TEXT_CHARACTERS ? text : Buffer.from(text);
}

function toPiecesBody(pieces: TextPieces): Answer["body"] {
  return countCharacters(pieces) <= MOST_TEXT_CHARACTERS ? pieces.join("") : pieces;
}

/** Tells whether a body is in one piece. */
export function isWhole(body: Answer["body"]): body is string | Buffer {
  return typeof body === "string" || Buffer.isBuffer(body);
}

/** Makes a body whole, to send it without a stream, or again. */
export function toWholeBody(body: Answer["body"]): string | Buffer {
  return isWhole(body) ? body : encodePieces(body);
}

/** Estimates the bytes that a body takes in memory. */
export function weighBody(body: Answer["body"]): number {
  return isWhole(body) ? Buffer.byteLength(body) : weighPieces(body);
}

const MOST_TEXT_CHARACTERS = 8 * 1024;

/** Makes the answer of what Apollo responded. */
export function createAnswer(
  response: HTTPGraphQLResponse,
  options: ServerOptions,
  state: RequestState,
): Answer {
  const { body } = response;
  const status = findStatus(response, state) ?? 200;
  return {
    kind: state.kind,
    status,
    headers: { "cache-control": formatCacheControl(options, state), ...Object.fromEntries(response.headers) },
    // This graphql-js has no incremental delivery, so every answer comes complete.
    body: toBody(body.kind === "complete" ? body.string : ""),
    // An error outside of any operation has set no code.
    codes: status >= 500 && state.codes.length === 0 ? [INTERNAL] : state.codes,
    stillHolds: null,
  };
}

function findStatus(response: HTTPGraphQLResponse, state: RequestState): number | undefined {
  const { codes } = state;
  if (codes.length === 0) return response.status;
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  if (response.status === 400 && isJson && codes.every((code) => DOCUMENT_ERRORS.includes(code))) return 200;
  if (!state.hasData && codes.every((code) => code === "FORBIDDEN")) return 403;
  return response.status;
}

function formatCacheControl({ maxAgeSeconds = 0, identity }: ServerOptions, state: RequestState): string {
  if (maxAgeSeconds === 0 || state.kind !== "query" || state.codes.length > 0) return "no-store";
  return `${identity.required ? "private" : "public"}, max-age=${maxAgeSeconds}`;
}

/** Codes of wrong documents. With `application/json` they are answered with status 200, as GraphQL over HTTP asks. */
const DOCUMENT_ERRORS: readonly string[] = [
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
];
