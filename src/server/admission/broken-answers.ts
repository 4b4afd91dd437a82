import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { convertError } from "../answers.js";
import { createRequestScope, INTERNAL } from "../errors.js";

/**
 * Writes a line in the log if an answer breaks off that is made while it is sent. Its status is sent by then, and the line of its
 * request says that it was answered. One whose client has left breaks off without a line.
 */
export function watchBreaks(
  request: FastifyRequest,
  { raw }: FastifyReply,
  payload: unknown,
  log: Logger,
): void {
  if (!(payload instanceof Readable)) return;
  payload.once("error", (error) => {
    if (raw.destroyed) return;
    const { code, message } = convertError(error, createRequestScope(request.id, log));
    // An error that nobody foresaw has its line by now.
    if (code !== INTERNAL) log.warn({ requestId: request.id, code, reason: message }, "answer broke off");
  });
}
