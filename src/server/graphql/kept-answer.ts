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

/** Answers of a moment ago. The server works without them. `begin` returns `null` where the answer is not worth keeping. */
export interface AnswerKeeper {
  find(key: string): KeptAnswer | null;
  begin(key: string): ((answer: KeptAnswer, bytes: number) => void) | null;
  drop(): void;
}

/** By this header a router asks for Apollo's trace in the answer. */
export const TRACE_HEADER = "apollo-federation-include-trace";

/**
 * Digests all that an answer depends on, byte by byte: the viewer's rights, the answer's form, and the question.
 * Questions that mean the same in other bytes have other digests; that costs a reading, and is never wrong.
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
  // One call costs half of what a digest costs that is fed piece by piece.
  return hash("sha256", Buffer.concat([Buffer.from(`${head}\n`), ...body]), "base64");
}
