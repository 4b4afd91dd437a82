import { hash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { AuditNotes } from "../admission/audit-notes.js";
import type { KnownViewer } from "../identity/identity.js";

/** An answer as it was sent, with what the log says of it. */
export interface KeptAnswer {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly notes: AuditNotes;
}

/** Keeps recent answers, to give them again to the same question. The server works without it. */
export interface AnswerKeeper {
  /** Returns the answer that is kept under this key; `null`: none is. */
  find(key: string): KeptAnswer | null;
  /** Returns the function that keeps the answer to come; `null`: it is not worth keeping. */
  begin(key: string): ((answer: KeptAnswer, bytes: number) => void) | null;
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
  { roles, scope }: KnownViewer,
  body: readonly Buffer[],
): string {
  const head = JSON.stringify([
    method === "POST" ? "POST" : url,
    headers.accept ?? null,
    headers[TRACE_HEADER] ?? null,
    [...roles].sort(),
    scope,
  ]);
  // One call of `hash` costs half as much as a digest that is fed piece by piece.
  return hash("sha256", Buffer.concat([Buffer.from(`${head}\n`), ...body]), "base64");
}
