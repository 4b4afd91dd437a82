import { hash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { memoizeByObject } from "../../model/memoize-by-object.js";
import type { AuditNotes } from "../admission/audit-notes.js";
import type { KnownViewer } from "../identity/identity.js";

/** An answer as it was sent, with what the log says of it. */
export interface KeptAnswer {
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly notes: AuditNotes;
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
 * Digests all that an answer depends on, byte by byte: the viewer's rights, the answer's form, and the question. Two
 * questions that mean the same in different bytes have different digests: that costs one more read, and is never wrong.
 */
export function digestQuestion(
  { method, url, headers }: Pick<FastifyRequest, "method" | "url" | "headers">,
  viewer: KnownViewer,
  body: readonly Buffer[],
): string {
  const form = [method === "POST" ? "POST" : url, headers.accept ?? null, headers[TRACE_HEADER] ?? null];
  const head = Buffer.from(`${JSON.stringify(form)}${formatViewer(viewer)}\n`);
  // One call of `hash` costs half as much as a digest that is fed piece by piece.
  return hash("sha256", Buffer.concat([head, ...body]), "base64");
}

/** Formats what a viewer may ask and see. */
const formatViewer = memoizeByObject(({ roles, scope }: KnownViewer): string =>
  JSON.stringify([[...roles].sort(), scope]),
);
