import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { watchChunks } from "./chunk-flood.js";

interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Answers the requests of each connection one after the other. Without this, Node would begin thousands of requests
 * that a client sends without waiting for answers (pipelining) in one turn of the event loop, and would emit no `close`
 * for those that are never answered. Call it before further listeners are registered.
 *
 * 1. The first request of a connection goes to the server's listeners at once.
 * 2. Those that follow wait until the one before is answered. Other connections are served between two of them.
 * 3. A client that lets more than {@link MOST_WAITING} wait, or asks for an upgrade meanwhile, is cut off. What else
 *    came in the same packet is not parsed.
 */
export function answerOneAtATime(server: Server): void {
  const handlers = server.listeners("request") as ((
    request: IncomingMessage,
    response: ServerResponse,
  ) => void)[];
  server.removeAllListeners("request");
  /** The waiting requests of each connection that is busy with an answer. */
  const busy = new WeakMap<Duplex, Arrived[]>();

  const answer = ({ request, response }: Arrived): void => {
    response.once("close", () => {
      // Not at once, so that other connections come first.
      setImmediate(answerNext, request.socket);
    });
    for (const handler of handlers) handler.call(server, request, response);
  };
  const answerNext = (socket: Duplex): void => {
    const next = socket.destroyed ? undefined : busy.get(socket)?.shift();
    if (next === undefined) busy.delete(socket);
    else answer(next);
  };

  server.on("request", (request, response) => {
    const { socket, method } = request;
    if (socket.destroyed) return;
    watchChunks(request);
    if (method === "GET" || method === "HEAD") request.resume();
    // Node would discard an unread body without counting its chunks; reading it counts them.
    else
      response.once("prefinish", () => {
        throwAway(request);
      });
    const waiting = busy.get(socket);
    if (waiting === undefined) {
      busy.set(socket, []);
      answer({ request, response });
    } else if (waiting.length < MOST_WAITING) waiting.push({ request, response });
    else cutOff(socket);
  });
  server.on("upgrade", (_request: IncomingMessage, socket: Duplex) => {
    if (busy.has(socket)) socket.destroy();
  });
}

/**
 * Ends a connection, and stops the parsing of the packet that is being read. The packet may hold thousands of further
 * requests, each of which takes 50 µs to parse. Node's parser stops if the handler of a head returns {@link STOP}, as
 * after an upgrade. Node does not document `parser`; if a socket has none, the rest of the packet is parsed for
 * nothing.
 */
function cutOff(socket: Duplex & { readonly parser?: { onIncoming?: (() => number) | null } | null }): void {
  const { parser } = socket;
  if (parser != null) parser.onIncoming = () => STOP;
  socket.destroy();
}

/** llhttp's code for: there is no body, and what follows is not HTTP. */
const STOP = 2;

/** Reads the rest of a body that nobody wants. */
function throwAway(request: IncomingMessage): void {
  if (request.complete) return;
  request.resume();
  request.read(0);
}

/**
 * The most requests that may wait on a connection. Honest clients send a few at once; one packet has room for
 * thousands.
 */
const MOST_WAITING = 16;
