import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { keepText } from "../../model/keep-text.js";

/** The open connections, up to a bound. */
export interface OpenConnections {
  /** Keeps a connection from being closed for another one, such as the WebSocket of a known viewer. */
  keep(socket: Socket): void;
  /** Notes that the server has done its part of the request on this connection; the rest depends on the client. */
  markWaiting(socket: Socket): void;
}

interface Connection {
  readonly socket: Socket;
  isWaiting: () => boolean;
}

/**
 * Bounds the number of open connections. Above the bound, a new connection replaces one that waits for its client:
 * 1. It replaces the one that has waited for longest. So thousands of silent connections keep nobody out, not even
 *    health checks.
 * 2. If the server is at work on all of them, or they wait for it (`isHeld`), the new one is closed.
 */
export function boundConnections(
  server: Server,
  most: number,
  isHeld: (socket: Socket) => boolean = () => false,
): OpenConnections {
  /** The connections in the order of their last changes. */
  const open = new Map<string, Connection>();

  const change = (socket: Socket, isWaiting: () => boolean): void => {
    const key = formatKey(socket);
    const connection = open.get(key);
    if (connection === undefined) return;
    connection.isWaiting = isWaiting;
    open.delete(key);
    open.set(key, connection);
  };
  const makeRoom = (): boolean => {
    for (const [key, { socket, isWaiting }] of open) {
      if (!isWaiting()) continue;
      open.delete(key);
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
    const connection = { socket, isWaiting: () => !isHeld(socket) };
    open.set(key, connection);
    socket.once("close", () => {
      if (open.get(key) === connection) open.delete(key);
    });
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    // A body that has not arrived completely is still waited for.
    change(socket, () => !request.complete);
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

const always = (): boolean => true;

/** Formats the text that a connection and the TLS over it have in common. */
const formatKey = keepText(({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  [remoteAddress, remotePort, localAddress, localPort].join(" "),
);
