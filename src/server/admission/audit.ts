import type { FastifyRequest } from "fastify";
import type { ServerOptions } from "../options.js";
import type { Visit } from "./visit.js";

/**
 * Writes the log line of a request, with the same fields for every route, and counts the request in the metrics. The
 * line never has the query string, a variable or a query's text, since they may hold anything.
 */
export function writeAuditLine(
  { id, method, url }: FastifyRequest,
  status: number,
  visit: Visit,
  { log, onOperation }: ServerOptions,
): void {
  const { notes, rule } = visit;
  const durationMs = visit.getElapsedMs();
  const decision = notes.decision ?? (status < 400 ? "answered" : "refused");
  if (rule.counted) onOperation?.({ status, decision, durationMs });
  if (!rule.audited) return;
  log.info(
    {
      requestId: id,
      viewer: visit.viewer?.name ?? null,
      address: visit.client.address,
      method,
      path: url.split("?", 1)[0]?.slice(0, MAX_LOGGED_LENGTH),
      operation: notes.operation?.slice(0, MAX_LOGGED_LENGTH) ?? null,
      hash: notes.hash,
      cost: notes.cost,
      rows: notes.rows,
      ms: Math.round(durationMs),
      status,
      decision,
    },
    "request",
  );
}

/** The longest text of a client in a log line: a path, or the name of an operation. */
export const MAX_LOGGED_LENGTH = 500;
