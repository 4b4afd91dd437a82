import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { HttpError } from "../errors.js";
import { SECURITY_HEADERS } from "../security-headers.js";

/**
 * Answers a refusal on a connection that carries no request, in the form of all other refusals, and ends the connection.
 * A connection that takes no answer any more is left to whoever ends it.
 */
export function endWithRefusal(socket: Duplex, { status, code, message, headers }: HttpError): void {
  if (!socket.writable) return;
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  const all = {
    ...SECURITY_HEADERS,
    "cache-control": "no-store",
    ...headers,
    connection: "close",
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${head.join("")}\r\n${body}`);
  endSlowly(socket);
}

/**
 * Ends a connection whose client still sends. What arrives is discarded until the client ends its side, for
 * {@link LINGER_MS} at most. If a connection is closed before everything was read, it is reset, and most clients then
 * lose the answer that was sent.
 */
export function endSlowly(socket: Duplex): void {
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  const destroy = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  socket.once("end", destroy);
  socket.once("close", destroy);
}

/** Time for a client to send the rest, to read the answer and to end its side. */
const LINGER_MS = 5_000;
