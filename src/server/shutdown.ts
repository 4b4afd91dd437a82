import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import { setTimeout as wait } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { RunningServer } from "./options.js";

/** Time that running requests get before they are cut off. */
const DRAIN_TIMEOUT_MS = 10_000;

/**
 * Time for requests that are on their way when we stop listening. Connections that stay silent are preconnects and port
 * probes.
 */
const SILENT_GRACE_MS = 500;

/**
 * Creates the shutdown of a server. It reports not ready, then accepts nothing new, waits for the running requests, and
 * closes.
 */
export function createShutdown(
  app: FastifyInstance,
  apollo: { stop(): Promise<void> },
  live: { endAll(): void },
): { isDraining: () => boolean; drain: RunningServer["drain"] } {
  let draining = false;
  let closed: Promise<void> | null = null;

  const { all, silent } = trackConnections(app);

  // A connection that becomes idle while we drain would otherwise delay the end until its client leaves.
  app.addHook("onResponse", (_request, _reply, done) => {
    if (draining) {
      setImmediate(() => {
        app.server.closeIdleConnections();
      });
    }
    done();
  });

  const close = async (): Promise<void> => {
    await app.close();
    await apollo.stop();
  };

  return {
    isDraining: () => draining,
    async drain({ delayMs = 0, timeoutMs = DRAIN_TIMEOUT_MS } = {}) {
      draining = true;
      if (delayMs > 0) await wait(delayMs);
      // Subscribers continue at another replica, from their cursors.
      live.endAll();
      closed ??= close();
      const cutOff = setTimeout(() => {
        app.server.closeAllConnections();
        for (const socket of all) socket.destroy();
      }, timeoutMs);
      const hangUp = setTimeout(() => {
        for (const socket of silent) socket.destroy();
      }, SILENT_GRACE_MS);
      try {
        await closed;
      } finally {
        clearTimeout(cutOff);
        clearTimeout(hangUp);
      }
    },
  };
}

/**
 * Tracks all connections, and those that never sent a request. Node does not count the latter as idle, and would wait
 * for them.
 */
function trackConnections({ server }: FastifyInstance): {
  all: ReadonlySet<Socket>;
  silent: ReadonlySet<Socket>;
} {
  const all = new Set<Socket>();
  const silent = new Set<Socket>();
  const keep = (sockets: Set<Socket>) => (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };
  server.on("connection", keep(all));
  // Under TLS, requests come on another object than the raw connection.
  server.on(server instanceof TlsServer ? "secureConnection" : "connection", keep(silent));
  server.on("request", ({ socket }: IncomingMessage) => silent.delete(socket));
  return { all, silent };
}
