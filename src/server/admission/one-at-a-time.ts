import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { watchChunks } from "./chunk-flood.js";

interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Answers the requests of each connection one after the other. Node would begin all that a client sends without waiting for
 * answers (pipelining), some thousands in one turn of the event loop, and sends no `close` for those whose turn never comes. Call
 * it before further listeners are registered.
 *
 * 1. The first request of a connection goes to the server's listeners at once.
 * 2. Those that follow wait until the one before is answered. Other connections are served between two of them.
 * 3. A client that lets more than {@link MOST_WAITING} wait, or asks for an upgrade meanwhile, is cut off. What else came in
 *    the same packet is not parsed.
 */
export function answerOneAtATime(server: Server): void {
  const handlers = server.listeners("request") as ((
    request: IncomingMessage,
    response: ServerResponse,
  ) => void)[];
  server.removeAllListeners("request");
  /** What waits on each connection of which a request is being answered. */
  const busy = new WeakMap<Duplex, Arrived[]>();

  const answer = ({ request, response }: Arrived): void => {
    response.once("close", () => {
      // Later, so that others come first.
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
    // Otherwise Node would throw away what was not read by now, and count no chunk of it.
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
 * Ends a connection, and the parsing of the packet that is being read: it may have thousands of requests more, each of which would
 * take 50 µs. Node's parser stops where a head is answered with {@link STOP}, as it does behind an upgrade. The parser is no documented
 * part of a socket; without one, the rest is parsed in vain.
 */
function cutOff(socket: Duplex & { readonly parser?: { onIncoming?: (() => number) | null } | null }): void {
  const { parser } = socket;
  if (parser != null) parser.onIncoming = () => STOP;
  socket.destroy();
}

/** llhttp: there is no body, and what follows is not HTTP. */
const STOP = 2;

/** Reads the rest of a body that nobody wants. */
function throwAway(request: IncomingMessage): void {
  if (request.complete) return;
  request.resume();
  request.read(0);
}

/** Clients that send several requests at once send a few; one packet has room for thousands. */
const MOST_WAITING = 16;
