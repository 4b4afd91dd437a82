import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Ring, type RingLink } from "../../model/kept/ring.js";
import { memoizeByObject } from "../../model/memoize-by-object.js";
import type { Limits } from "../../model/limits.js";
import { HttpError } from "../errors.js";
import { createViewerCounts, type ViewerCounts } from "../identity/viewer-counts.js";

/** The open connections, up to a bound. */
export interface OpenConnections {
  /** Keeps a connection from being closed for another one, such as the WebSocket of a known viewer. */
  keep(socket: Socket): void;
  /** Notes that the server has done its part of the request on this connection; the rest depends on the client. */
  markWaiting(socket: Socket): void;
}

interface Connection {
  readonly socket: Socket;
  /** Removes it from the open ones. */
  readonly close: () => void;
  isWaiting: () => boolean;
}

/** What else decides whether a connection waits for its client. */
export interface ConnectionStates {
  /** Tells whether a connection waits for the server, which has not begun with it. */
  readonly isHeld: (socket: Socket) => boolean;
  /** Tells whether it is not known yet who sends a request. Only an issuer of tokens that is slow makes that take long. */
  readonly isUnknown: (request: IncomingMessage) => boolean;
}

/**
 * Bounds the number of open connections. Above the bound, a new connection replaces one that waits for its client:
 * 1. It replaces the one that has waited for longest. So thousands of silent connections keep nobody out, not even
 *    health checks.
 * 2. If the server is at work on all of them for known viewers, or they wait for it, the new one is closed.
 *
 * Call it before the server answers the requests of each connection one after the other: which request a connection is busy with
 * counts, and not which came last.
 */
export function boundConnections(
  server: Server,
  most: number,
  { isHeld, isUnknown }: ConnectionStates = { isHeld: () => false, isUnknown: () => false },
): OpenConnections {
  /** The connections in the order of their last changes. */
  const open = new Ring<Connection>();
  const links = new Map<string, RingLink<Connection>>();

  const change = (socket: Socket, isWaiting: () => boolean): void => {
    const link = links.get(formatKey(socket));
    if (link === undefined) return;
    link.value.isWaiting = isWaiting;
    open.moveToEnd(link);
  };
  const makeRoom = (): boolean => {
    for (const { socket, isWaiting, close } of open) {
      if (!isWaiting()) continue;
      close();
      socket.destroy();
      return true;
    }
    return false;
  };

  server.on("connection", (socket: Socket) => {
    if (open.size >= most && !makeRoom()) {
      socket.destroy();
      return;
    }
    const key = formatKey(socket);
    const close = (): void => {
      open.remove(link);
      if (links.get(key) === link) links.delete(key);
    };
    const link = open.add({ socket, close, isWaiting: () => !isHeld(socket) });
    links.set(key, link);
    socket.once("close", close);
  });
  // Before the other listeners, since one of them may mark the connection as waiting at once.
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    // A body that has not arrived completely is still waited for.
    change(socket, () => !request.complete || isUnknown(request));
    response.once("close", () => {
      change(socket, always);
    });
  });
  return {
    keep: (socket) => {
      change(socket, () => false);
    },
    markWaiting: (socket) => {
      change(socket, always);
    },
  };
}

/**
 * Creates the counts of the connections that never make room: those with a request of a known viewer, and WebSockets. One
 * viewer, or one address where nobody is asked who they are, may have {@link OWNER_SHARE} of all connections in that way, so that
 * others can always connect, too.
 */
export function createKeptConnections({ connections }: Pick<Limits, "connections">): ViewerCounts {
  return createViewerCounts(
    Math.max(1, Math.floor(connections * OWNER_SHARE)),
    (allowed) =>
      new HttpError(
        429,
        "TOO_MANY_CONNECTIONS",
        `You have ${allowed} requests and WebSockets open, which is all that one viewer, or one address where nobody says who they are, may have here (three quarters of LIMITS=connections=…); wait for some to end.`,
      ),
  );
}

/** Many people may share an address, so it is large. */
const OWNER_SHARE = 3 / 4;

const always = (): boolean => true;

/** Formats the text that a connection and the TLS over it have in common. */
const formatKey = memoizeByObject(({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  [remoteAddress, remotePort, localAddress, localPort].join(" "),
);
