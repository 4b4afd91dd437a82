import type { FastifyRequest } from "fastify";
import type { ServerOptions } from "../options.js";
import type { RequestLine } from "./request-log.js";
import type { Visit } from "./visit.js";

/**
 * Writes the log line of a request, with the same fields for every route, and counts the request in the metrics. A log that has
 * no way of its own for these lines gets them like others.
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
  const line: RequestLine = {
    requestId: id,
    viewer: visit.viewer?.name ?? null,
    address: visit.client.address,
    method,
    path: cutPath(url),
    operation: notes.operation?.slice(0, MAX_LOGGED_LENGTH) ?? null,
    hash: notes.hash,
    cost: notes.cost,
    rows: notes.rows,
    ms: Math.round(durationMs),
    status,
    decision,
  };
  if (log.writeRequest === undefined) log.info(line, "request");
  else log.writeRequest(line);
}

/** The longest text of a client in a log line: a path, or the name of an operation. */
export const MAX_LOGGED_LENGTH = 500;

function cutPath(url: string): string {
  const end = url.indexOf("?");
  return url.slice(0, end === -1 ? MAX_LOGGED_LENGTH : Math.min(end, MAX_LOGGED_LENGTH));
}
