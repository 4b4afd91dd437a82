import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import type { AnswerOrder } from "../admission/one-at-a-time.js";
import type { HttpError } from "../errors.js";
import {
  convertMessageFailure,
  explainFailure,
  isHandshakeFailure,
  PLAIN_HTTP,
  type MessageFailure,
} from "./malformed-errors.js";
import { endWithRefusal } from "./socket-answer.js";

/**
 * Answers what is no valid HTTP, and what does not arrive in time, as other refusals are answered. Such bytes make no
 * request, so no route and no hook ever sees them.
 * 1. Requests that came whole before them on the same connection are answered first.
 * 2. Then comes the refusal, and the connection ends. Of each connection only the first failure counts.
 * 3. A request whose own body is malformed gets the refusal as its answer; if its answer has begun, it is cut off.
 */
export function answerMalformed(
  server: Server,
  order: AnswerOrder,
  log: Logger,
  now: () => number = () => performance.now(),
): void {
  const failed = new WeakSet<Duplex>();
  const lines = createFailureLog(log, now);
  server.removeAllListeners("clientError");
  server.on("clientError", (failure: MessageFailure, given: Socket) => {
    if (failed.has(given) || failure.code === AFTER_CLOSE) return;
    failed.add(given);
    const socket = failure.code === PLAIN_HTTP ? findPlainSocket(given) : given;
    // A handshake that failed has ended its socket, and is logged nevertheless.
    if (failure.code === "ECONNRESET" || (socket.destroyed && !isHandshakeFailure(failure))) {
      socket.destroy();
      return;
    }
    const refusal = convertMessageFailure(failure);
    const refused =
      refusal === null
        ? null
        : order.end(socket, () => {
            endWithRefusal(socket, refusal);
          });
    if (refusal === null) socket.destroy();
    // A request that was let in has a line of its own.
    if (refusal !== null && refused !== null) refusals.set(refused, refusal);
    else lines.note(failure, given.remoteAddress ?? socket.remoteAddress, refusal?.status ?? null);
  });
}

/** Finds the refusal with which a request was answered because its body is no valid HTTP or did not come in time. */
export function findMessageRefusal(request: IncomingMessage): HttpError | null {
  return refusals.get(request) ?? null;
}

const refusals = new WeakMap<IncomingMessage, HttpError>();

/**
 * Finds the connection under a TLS socket whose client speaks plain HTTP. That socket has ended, but an answer can still be written
 * to the connection in this moment. `_parent` is no documented part of a socket; without it, there is no answer.
 */
function findPlainSocket(socket: Socket & { readonly _parent?: Socket | null }): Socket {
  return socket._parent ?? socket;
}

/** The client sent more after it had asked for the connection to be closed. Its answer is on the way; the rest is ignored. */
const AFTER_CLOSE = "HPE_CLOSED_CONNECTION";

interface FailureLog {
  note(failure: MessageFailure, address: string | undefined, status: number | null): void;
}

/**
 * Creates the log of failures. Anybody can cause them, so of each cause one line is written in {@link QUIET_MS}. It says
 * how many more there were since the line before.
 */
function createFailureLog(log: Logger, now: () => number): FailureLog {
  const causes = new Map<string, { loggedAt: number; unlogged: number }>();
  return {
    note(failure, address, status) {
      const known = failure.code ?? failure.name;
      const code = causes.has(known) || causes.size < MOST_CAUSES ? known : "others";
      const cause = causes.get(code) ?? { loggedAt: -Infinity, unlogged: 0 };
      causes.set(code, cause);
      if (now() - cause.loggedAt < QUIET_MS) {
        cause.unlogged += 1;
        return;
      }
      log.info(
        { address, code, reason: explainFailure(failure), status, unlogged: cause.unlogged },
        "malformed request",
      );
      cause.loggedAt = now();
      cause.unlogged = 0;
    },
  };
}

/** The time from one line of a cause to its next. */
const QUIET_MS = 60_000;

/** The number of causes that have lines of their own. The parser and TLS know some dozens. */
const MOST_CAUSES = 50;
