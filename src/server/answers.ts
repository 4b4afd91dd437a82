import type { FastifyReply, FastifyRequest } from "fastify";
import { GraphQLError } from "graphql";
import type { Logger } from "pino";
import { createRequestScope, formatInternalError, HttpError, type RequestScope } from "./errors.js";

const GRAPHQL_RESPONSE = "application/graphql-response+json";

/** Answers a refusal, or whatever else went wrong, in the form of a GraphQL answer. */
export async function sendError(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  log: Logger,
): Promise<FastifyReply> {
  const { status, code, message, headers } = convertError(error, createRequestScope(request.id, log));
  const accepted = request.headers.accept ?? "";
  return reply
    .code(status)
    .headers({ "cache-control": "no-store", ...headers })
    .type(`${accepted.includes(GRAPHQL_RESPONSE) ? GRAPHQL_RESPONSE : "application/json"}; charset=utf-8`)
    .send(JSON.stringify({ errors: [{ message, extensions: { code } }] }));
}

/**
 * Converts an error for the client: our own errors stay, Fastify's errors about a request keep their status, all others
 * are masked.
 */
export function convertError(error: unknown, scope: RequestScope): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof GraphQLError) return convertGraphQLError(error, scope);
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new HttpError(status, "BAD_REQUEST", "The request is malformed.");
  }
  return new HttpError(500, "INTERNAL_SERVER_ERROR", formatInternalError(error, scope));
}

/** Converts an error of the graph. It states its HTTP status in `extensions.http`, where Apollo reads it, too. */
function convertGraphQLError(error: GraphQLError, scope: RequestScope): HttpError {
  const { code, http } = error.extensions as {
    readonly code?: unknown;
    readonly http?: { readonly status?: unknown };
  };
  const status = http?.status;
  if (typeof code === "string" && typeof status === "number") {
    return new HttpError(status, code, error.message);
  }
  return new HttpError(500, "INTERNAL_SERVER_ERROR", formatInternalError(error, scope));
}
