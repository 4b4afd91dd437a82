import { hash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { memoizeByObject } from "../../model/memoize-by-object.js";
import { shortenKey } from "../../model/kept/short-key.js";
import type { TextPieces } from "../../model/text-pieces.js";
import type { AuditNotes } from "../admission/audit-notes.js";
import type { KnownViewer } from "../identity/identity.js";

/** An answer as it was sent, with what the log says of it. */
export interface KeptAnswer {
  body: string | Buffer | TextPieces;
  readonly headers: Readonly<Record<string, string>>;
  readonly notes: AuditNotes;
  /** How often it was given again while its body was in pieces. */
  timesGiven: number;
}

/** Keeps recent answers, to give them again to the same question. The server works without it. */
export interface AnswerKeeper {
  /** Returns the answer that is kept under this key; `null`: none is. */
  find(key: string): KeptAnswer | null;
  /** Returns the function that keeps the answer to come; `null`: it is not worth keeping. */
  begin(key: string): ((answer: KeptAnswer, bytes: number) => void) | null;
  /** Keeps a small answer for as long as the check tells that it still holds. */
  keepWhile(
    key: string,
    kept: { readonly answer: KeptAnswer; readonly bytes: number; readonly stillHolds: () => boolean },
  ): void;
  /** Forgets all answers. */
  drop(): void;
}

/** By this header a router asks for Apollo's trace in the answer. */
export const TRACE_HEADER = "apollo-federation-include-trace";

/**
 * Makes a key of all that an answer depends on, byte by byte: the viewer's rights, the answer's form, and the question. Two
 * questions that mean the same in different bytes have different keys: that costs one more read, and is never wrong.
 */
export function formatQuestion(
  { method, url, headers }: Pick<FastifyRequest, "method" | "url" | "headers">,
  viewer: KnownViewer,
  body: readonly Buffer[],
): string {
  const form = quote(headers.accept) + quote(headers[TRACE_HEADER]);
  const head = `${method === "POST" ? "POST" : `GET ${url}`} ${form}${digestRights(viewer)}`;
  const [first] = body;
  const bytes = first !== undefined && body.length === 1 ? first : Buffer.concat(body);
  // A digest of a small question would cost more than all else that is done to find its answer.
  return shortenKey(`${head}\n${bytes.toString("latin1")}`);
}

/** Formats a header so that nothing else looks like it. */
function quote(value: string | string[] | undefined): string {
  return value === undefined ? "-" : JSON.stringify(value);
}

/** Digests what a viewer may ask and see. */
const digestRights = memoizeByObject(({ roles, scope }: KnownViewer): string =>
  hash("sha256", JSON.stringify([[...roles].sort(), scope]), "base64"),
);
