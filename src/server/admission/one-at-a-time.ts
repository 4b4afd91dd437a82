import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { endSlowly } from "../messages/socket-answer.js";
import { findAddressGroup } from "./address-group.js";
import { watchChunks } from "./chunk-flood.js";
import { createStartTurns, type StartTurns } from "./places/start-turns.js";
import { createFairQueue } from "../../model/fair-queue.js";

/** The order of the answers on each connection. */
export interface AnswerOrder {
  /**
   * Calls `end` when all requests are answered that came whole on this connection. If the last one did not come whole, `end`
   * is its answer; if it has another one already, the connection is cut off instead. Returns the request that `end` has
   * answered; `null`: none.
   */
  end(socket: Duplex, end: () => void): IncomingMessage | null;
}

interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A request that waits for a turn. */
interface Ready extends Arrived {
  readonly address: string;
}

/** The requests of a connection that is busy with an answer. */
interface Line {
  /** `null`: none is begun yet. */
  readonly current: Arrived | null;
  readonly waiting: Arrived[];
  /** What ends the connection after them. */
  end: (() => void) | null;
}

/**
 * Answers the requests of each connection one after the other. Without this, Node would begin thousands of requests
 * that a client sends without waiting for answers (pipelining) in one turn of the event loop, and would emit no `close`
 * for those that are never answered. Call it before further listeners are registered.
 *
 * 1. The first request of a connection goes to the server's listeners at once, unless this turn of the event loop has begun
 *    enough. Then it waits for a later one, and addresses take turns. Node accepts one connection in a turn, so turns stay short:
 *    hundreds of clients that ask again at once for what is answered at once would otherwise keep new ones waiting for seconds.
 *    A GET or HEAD that announces a body begins when its packet has been parsed, since the body may be in it.
 * 2. Those that follow wait until the one before is answered. Other connections are served between two of them.
 * 3. A client that lets more than {@link MOST_WAITING} wait, or asks for an upgrade meanwhile, is cut off. What else
 *    came in the same packet is not parsed.
 *
 * Also answers requests with an expectation that Node does not know; Node would answer them by itself.
 */
export function answerOneAtATime(server: Server, turns: StartTurns = createStartTurns()): AnswerOrder {
  const handlers = server.listeners("request") as ((
    request: IncomingMessage,
    response: ServerResponse,
  ) => void)[];
  server.removeAllListeners("request");
  const busy = new WeakMap<Duplex, Line>();
  /** The last request of each connection that was answered before it came whole. */
  const early = new WeakMap<Duplex, IncomingMessage>();

  /** The requests that wait for a turn, one of a connection at most. */
  const ready = createFairQueue<Ready>(Infinity);
  /** The requests that have begun in this turn, or in some turns with few of them. */
  let begun = 0;

  const answer = (current: Arrived, { waiting, end }: Omit<Line, "current">): void => {
    const { request, response } = current;
    busy.set(request.socket, { current, waiting, end });
    response.once("close", () => {
      // Not at once, so that other connections come first.
      setImmediate(answerNext, request.socket);
    });
    if (ready.size === 0 && (begun < FEW_BEGINNINGS || turns.mayStart())) begin(current);
    else wait(current);
  };
  const wait = (arrived: Arrived): void => {
    const address = findAddressGroup(arrived.request.socket.remoteAddress ?? "");
    const next: Ready = { ...arrived, address };
    ready.add(address, next);
    arrived.response.once("close", () => {
      ready.remove(address, next);
    });
    turns.schedule(beginNext);
  };
  const begin = ({ request, response }: Arrived): void => {
    begun += 1;
    if (begun === FEW_BEGINNINGS) setImmediate(forgetBeginnings);
    if (begun >= FEW_BEGINNINGS) turns.noteStart();
    for (const handler of handlers) handler.call(server, request, response);
  };
  const forgetBeginnings = (): void => {
    begun = 0;
  };
  const beginNext = (): boolean => {
    const next = ready.findNext();
    if (next === undefined) return false;
    ready.remove(next.address, next);
    begin(next);
    return true;
  };
  const answerNext = (socket: Duplex): void => {
    const line = socket.destroyed ? undefined : busy.get(socket);
    const next = line?.waiting.shift();
    if (line !== undefined && next !== undefined) {
      answer(next, line);
      return;
    }
    busy.delete(socket);
    line?.end?.();
  };

  server.on("request", (request, response) => {
    const { socket, method } = request;
    if (!socket.writable) return;
    watchChunks(request);
    const needsNoBody = method === "GET" || method === "HEAD";
    const mayBecomeWhole = needsNoBody && announcesBody(request);
    if (needsNoBody) {
      if (mayBecomeWhole) keepAliveOnceWhole(request, response);
      request.resume();
    } else
      response.once("prefinish", () => {
        if (request.complete) return;
        early.set(socket, request);
        throwAway(request);
      });
    const line = busy.get(socket);
    if (line === undefined && mayBecomeWhole) {
      busy.set(socket, { current: null, waiting: [{ request, response }], end: null });
      setImmediate(answerNext, socket);
    } else if (line === undefined) answer({ request, response }, { waiting: [], end: null });
    else if (line.waiting.length < MOST_WAITING) line.waiting.push({ request, response });
    else cutOff(socket);
  });
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    server.emit("request", request, response);
  });
  server.on("upgrade", (_request: IncomingMessage, socket: Duplex) => {
    if (busy.has(socket)) socket.destroy();
  });

  return {
    end(socket, end) {
      const line = busy.get(socket);
      if (line === undefined) {
        if (early.get(socket)?.complete === false) socket.destroy();
        else end();
        return null;
      }
      const last = line.waiting.at(-1) ?? line.current;
      if (last === null || last.request.complete) line.end = end;
      else if (last !== line.current) {
        line.waiting.pop();
        line.end = end;
      } else if (last.response.headersSent) socket.destroy();
      else {
        end();
        return last.request;
      }
      return null;
    },
  };
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

function announcesBody({ headers }: IncomingMessage): boolean {
  return Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined;
}

/**
 * Closes the connection after an answer that is sent before the request's body came whole. Such a request needs no body, and
 * libsoup announces one that it does not send again after a 401: its next request would be taken for that body.
 */
function keepAliveOnceWhole(request: IncomingMessage, response: ServerResponse): void {
  const { shouldKeepAlive } = response;
  response.shouldKeepAlive = false;
  readRestBeforeEnd(request);
  request.once("end", () => {
    response.shouldKeepAlive = shouldKeepAlive;
  });
}

/** Reads the rest of a body that nobody wants. Node would discard it without counting its chunks. */
function throwAway(request: IncomingMessage): void {
  readRestBeforeEnd(request);
  request.resume();
  request.read(0);
}

/** If the connection is to be closed after the answer, the rest of the request's body comes first, for a while. */
function readRestBeforeEnd({ socket }: IncomingMessage): void {
  socket.destroySoon = () => {
    endSlowly(socket);
  };
}

/** So many requests begin without a look at the turn, which costs more than a small answer. */
const FEW_BEGINNINGS = 16;

/**
 * The most requests that may wait on a connection. Honest clients send a few at once; one packet has room for
 * thousands.
 */
const MOST_WAITING = 16;
