import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The connections that are open: no more than a number of them. */
export interface OpenConnections {
  /** From now on this connection makes no room for others, such as a WebSocket of a known viewer. */
  keep(socket: Socket): void;
  /** The server has done its part of the request on this connection; the client may take its time with the rest. */
  markWaiting(socket: Socket): void;
}

interface Connection {
  readonly socket: Socket;
  isWaiting: () => boolean;
}

/**
 * Bounds how many connections are open. Where there are as many as there may be, a new one takes the room of another: of those that
 * wait for their clients, the one that has done so for longest. So nobody who holds thousands of connections keeps others out, not even
 * health checks. If the server is at work on all of them, the new one is closed.
 */
export function boundConnections(server: Server, most: number): OpenConnections {
  /** In the order of their last changes. */
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
    const connection = { socket, isWaiting: always };
    open.set(key, connection);
    socket.once("close", () => {
      if (open.get(key) === connection) open.delete(key);
    });
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    // A body that is still on its way is waited for.
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

/** Formats what a connection has in common with the TLS on it. */
function formatKey({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(" ");
}
