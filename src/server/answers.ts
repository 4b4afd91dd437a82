import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { negotiateAnswerType } from "./accepted-types.js";
import { createRequestScope, formatInternalError, HttpError, type RequestScope } from "./errors.js";

/** Answers a refusal, or whatever else went wrong, in the form of a GraphQL answer. */
export async function sendError(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  log: Logger,
): Promise<FastifyReply> {
  const { status, code, message, headers } = convertError(error, createRequestScope(request.id, log));
  const type = negotiateAnswerType(request.headers.accept) ?? "application/json";
  return reply
    .code(status)
    .headers({ "cache-control": "no-store", ...headers })
    .type(`${type}; charset=utf-8`)
    .send(JSON.stringify({ errors: [{ message, extensions: { code } }] }));
}

/**
 * Converts an error for the client: our own errors stay, Fastify's errors about a request keep their status, all others
 * are masked.
 */
export function convertError(error: unknown, scope: RequestScope): HttpError {
  if (error instanceof HttpError) return error;
  const foreseen = convertForeseenError(error);
  if (foreseen !== null) return foreseen;
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new HttpError(status, "BAD_REQUEST", "The request is malformed.");
  }
  return new HttpError(500, "INTERNAL_SERVER_ERROR", formatInternalError(error, scope));
}

/**
 * Converts an error of the graph or of the database. Its class is not known here. It states its code and its HTTP status in
 * `extensions`, where Apollo reads them, too; `null`: it states none.
 */
function convertForeseenError(error: unknown): HttpError | null {
  if (!(error instanceof Error) || !("extensions" in error)) return null;
  const { code, http } = (error.extensions ?? {}) as {
    readonly code?: unknown;
    readonly http?: { readonly status?: unknown };
  };
  const status = http?.status;
  return typeof code === "string" && typeof status === "number"
    ? new HttpError(status, code, error.message)
    : null;
}
